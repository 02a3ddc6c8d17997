/** `metav1.Status` documents, worded as the API server words them (apimachinery `api/errors/errors.go`). */

export interface StatusDocument {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: { readonly continue?: string };
  readonly status: "Failure";
  readonly message: string;
  /** Left out of what the API server passes on from a kubelet. */
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly causes?: readonly { readonly reason: string; readonly message: string; readonly field?: string }[];
  readonly retryAfterSeconds?: number;
}

/** Thrown inside a route to answer with an error status. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly document: StatusDocument;

  constructor(document: StatusDocument) {
    super(document.message);
    this.document = document;
  }
}

/** A Status with this code, reason and message. */
export function status(code: number, reason: string, message: string, details?: StatusDetails): StatusDocument {
  const tail = { ...(details === undefined ? {} : { details }), code };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, ...tail };
}

export function badRequest(message: string): StatusError {
  return new StatusError(status(400, "BadRequest", message));
}

export function unauthorized(): StatusError {
  return new StatusError(status(401, "Unauthorized", "Unauthorized"));
}

export function notFound(resource: { readonly group: string; readonly plural: string }, name: string): StatusError {
  const qualified = resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
  const details = { name, ...(resource.group === "" ? {} : { group: resource.group }), kind: resource.plural };
  return new StatusError(status(404, "NotFound", `${qualified} "${name}" not found`, details));
}

/** 404 of what only a part of the cluster could tell. `why`: which part is known. */
export function notKnown(why: string): StatusError {
  return new StatusError(status(404, "NotFound", why));
}

/**
 * 403 of what is there, but of which only that is known. kubectl, told that a pod is not there, asks for its namespace, and says
 * nothing of the pod when that is a 404, too.
 */
export function notShown(what: string, why: string): StatusError {
  return new StatusError(status(403, "Forbidden", `${what} is forbidden: ${why}`));
}

export function methodNotAllowed(): StatusError {
  return new StatusError(status(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}));
}

export function notAcceptable(): StatusError {
  const offered = "application/json, application/json;as=Table, application/json;as=PartialObjectMetadata";
  return new StatusError(status(406, "NotAcceptable", `only the following media types are accepted: ${offered}`));
}

/** The list options are invalid (apimachinery `metainternalversion/validation ValidateListOptions`). */
export function invalidListOptions(problems: readonly ListOptionProblem[]): StatusError {
  const texts = problems.map((problem) => `${problem.field}: ${problem.message}`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const causes = problems.map(({ field, message, reason }) => ({ reason, message, field }));
  return new StatusError(
    status(422, "Invalid", `ListOptions.meta.k8s.io "" is invalid: ${list}`, {
      group: "meta.k8s.io",
      kind: "ListOptions",
      causes,
    }),
  );
}

export interface ListOptionProblem {
  readonly field: string;
  readonly message: string;
  readonly reason: "FieldValueForbidden" | "FieldValueNotSupported";
}

/** 500 of a log request whose node does not answer: a Status without a reason, as seen on Kubernetes 1.36. */
export function nodeUnreachable(message: string): StatusError {
  return new StatusError({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, code: 500 });
}

/** 410: the history that was asked for is gone. */
export function expired(message: string, continueToken?: string): StatusDocument {
  const document = status(410, "Expired", message);
  return continueToken === undefined ? document : { ...document, metadata: { continue: continueToken } };
}

/** 504: the server has not seen that revision (`storage/errors.go NewTooLargeResourceVersionError`); etcd itself says no time. */
export function tooLargeResourceVersion(asked: number, current: number, retryAfterSeconds?: number): StatusError {
  return new StatusError(
    status(504, "Timeout", `Timeout: Too large resource version: ${asked}, current: ${current}`, {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    }),
  );
}

/** 422 of a log request (`core/validation ValidatePodLogOptions`). */
export function invalidLogOptions(pod: string, problem: LogOptionProblem): StatusError {
  const { field, message, reason } = problem;
  const details = { name: pod, kind: "PodLogOptions", causes: [problem] };
  return new StatusError(
    status(422, "Invalid", `PodLogOptions "${pod}" is invalid: ${field}: ${message}`, {
      ...details,
      causes: [{ reason, message, field }],
    }),
  );
}

export interface LogOptionProblem {
  readonly field: string;
  readonly message: string;
  readonly reason: "FieldValueForbidden" | "FieldValueInvalid";
}
