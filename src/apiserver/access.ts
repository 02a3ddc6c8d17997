/** Who may do what: two hooks, and the words with which the API server refuses (apiserver `responsewriters/errors.go`). */
import type { ApiRequest } from "./request.ts";
import { status, StatusError, unauthorized } from "./status.ts";

/** What RBAC would be asked (`authorizer.Attributes`). */
export interface AccessAttributes {
  readonly user: string;
  readonly verb: string;
  /** Set for resources. */
  readonly resource?: {
    readonly group: string;
    readonly plural: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly path: string;
}

export interface AccessHooks {
  /** The user's name, or `undefined` for a 401. Without this hook everybody is `system:anonymous`. */
  readonly authenticate?: (request: ApiRequest) => string | undefined;
  /** False, or a reason, for a 403. Without this hook everything is allowed. */
  readonly authorize?: (attributes: AccessAttributes) => boolean | string;
}

/** @throws StatusError 401, 403. */
export function checkAccess(hooks: AccessHooks, request: ApiRequest): void {
  const user = hooks.authenticate === undefined ? "system:anonymous" : hooks.authenticate(request);
  if (user === undefined) throw unauthorized();
  const attributes = attributesOf(request, user);
  const verdict = hooks.authorize?.(attributes) ?? true;
  if (verdict === true) return;
  throw forbidden(attributes, verdict === false ? "" : `: ${verdict}`);
}

function attributesOf(request: ApiRequest, user: string): AccessAttributes {
  const { target, verb, path } = request;
  if (target.kind !== "resource") return { user, verb, path };
  // A selector that fixes the name is a request for that name (`requestinfo.go NewRequestInfo`).
  const name = target.name ?? /^metadata\.name==?([^,]+)$/.exec(request.query.get("fieldSelector") ?? "")?.[1];
  const { resource, namespace, subresource } = target;
  const optional = { ...(subresource && { subresource }), ...(namespace && { namespace }), ...(name && { name }) };
  return { user, verb, path, resource: { group: resource.group, plural: resource.plural, ...optional } };
}

function forbidden(attributes: AccessAttributes, why: string): StatusError {
  const { user, verb, path, resource } = attributes;
  if (resource === undefined) {
    return new StatusError(status(403, "Forbidden", `forbidden: User "${user}" cannot ${verb} path "${path}"${why}`, {}));
  }
  const qualified = resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
  const full = resource.subresource === undefined ? resource.plural : `${resource.plural}/${resource.subresource}`;
  const where = resource.namespace === undefined ? "at the cluster scope" : `in the namespace "${resource.namespace}"`;
  const subject = resource.name === undefined ? qualified : `${qualified} "${resource.name}"`;
  const deed = `cannot ${verb} resource "${full}" in API group "${resource.group}" ${where}`;
  const message = `${subject} is forbidden: User "${user}" ${deed}${why}`;
  const details = {
    ...(resource.name && { name: resource.name }),
    ...(resource.group && { group: resource.group }),
    kind: resource.plural,
  };
  return new StatusError(status(403, "Forbidden", message, details));
}
