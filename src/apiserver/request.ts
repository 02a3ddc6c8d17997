/** What a request asks for, read from its path (apiserver `endpoints/request/requestinfo.go`). */
import type { ResourceDefinition, ResourceRegistry } from "./resources.ts";

/** One request as hooks and routes see it. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly target: Target;
  /** `get`, `list` or `watch`, as RBAC says it. */
  readonly verb: "get" | "list" | "watch";
}

/** What a path leads to. */
export type Target =
  | {
      readonly kind: "resource";
      readonly resource: ResourceDefinition;
      readonly namespace?: string;
      readonly name?: string;
      readonly subresource?: string;
    }
  /** Documents about the server itself: discovery, version, health. */
  | { readonly kind: "document"; readonly path: string }
  | { readonly kind: "nothing" };

/** A request as it comes in, over a socket or not. */
export interface IncomingRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** Reads a request. Nothing is thrown: a path that leads nowhere has the target `nothing`. */
export function readRequest(incoming: IncomingRequest, resources: ResourceRegistry): ApiRequest {
  const url = incoming.url ?? "/";
  const [rawPath, search] = splitAt(url, "?");
  const path = rawPath.length > 1 ? rawPath.replace(/\/+$/, "") : rawPath;
  const query = new URLSearchParams(search);
  const target = readTarget(path, resources);
  const isCollection = target.kind === "resource" && target.name === undefined;
  const isWatch = isCollection && ["true", "1"].includes(query.get("watch") ?? "");
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([key, value]) => [key, [value].flat().join(", ")]));
  return {
    method: incoming.method ?? "GET",
    url,
    path,
    query,
    headers,
    target,
    verb: isWatch ? "watch" : isCollection ? "list" : "get",
  };
}

function readTarget(path: string, resources: ResourceRegistry): Target {
  const parts = path.split("/").slice(1).map(decodePart);
  const apiVersion =
    parts[0] === "api" ? parts[1] : parts[0] === "apis" && parts.length > 2 ? `${parts[1]}/${parts[2]}` : undefined;
  const rest = parts.slice(parts[0] === "api" ? 2 : 3);
  if (apiVersion === undefined || rest.length === 0) return { kind: "document", path };
  return (
    (isWithinNamespace(rest) ? namespaced(apiVersion, rest, resources) : direct(apiVersion, rest, resources)) ?? {
      kind: "nothing",
    }
  );
}

/** `/namespaces/x/pods` is a collection in a namespace, `/namespaces/x` and `/namespaces/x/status` are the namespace itself. */
function isWithinNamespace(rest: readonly string[]): boolean {
  return rest[0] === "namespaces" && rest.length >= 3 && rest[2] !== "status" && rest[2] !== "finalize";
}

function namespaced(apiVersion: string, rest: readonly string[], resources: ResourceRegistry): Target | undefined {
  const [, namespace = "", plural = "", name, subresource] = rest;
  const resource = resources.byPlural(apiVersion, plural);
  if (resource === undefined || !resource.namespaced || rest.length > 5) return undefined;
  return withName({ kind: "resource", resource, namespace }, name, subresource);
}

function direct(apiVersion: string, rest: readonly string[], resources: ResourceRegistry): Target | undefined {
  const [plural = "", name, subresource] = rest;
  const resource = resources.byPlural(apiVersion, plural);
  if (resource === undefined || rest.length > 3 || (resource.namespaced && name !== undefined)) return undefined;
  return withName({ kind: "resource", resource }, name, subresource);
}

function withName(target: Extract<Target, { kind: "resource" }>, name?: string, subresource?: string): Target | undefined {
  if (subresource !== undefined && !["status", ...target.resource.subresources].includes(subresource)) return undefined;
  return { ...target, ...(name === undefined ? {} : { name }), ...(subresource === undefined ? {} : { subresource }) };
}

function splitAt(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}
