/** Everything that is not a resource: version, health, discovery. */
import type { ServerContext } from "../context.ts";
import type { ApiRequest } from "../request.ts";
import { type Answer, json, noSuchPath, text } from "./answer.ts";
import { aggregated, AGGREGATED_TYPE, coreVersions, groupList, oneGroup, resourceList } from "./discovery.ts";

export function answerDocument(context: ServerContext, request: ApiRequest): Answer {
  const { path } = request;
  if (path === "/version") return json(versionDocument(context.settings.version));
  if (/^\/(healthz|livez|readyz)(\/|$)/.test(path)) return text(200, "ok");
  if (path === "/") return json({ paths: ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/readyz", "/version"] });
  return answerDiscovery(context, request) ?? noSuchPath();
}

function answerDiscovery(context: ServerContext, request: ApiRequest): Answer | undefined {
  const { path } = request;
  const { resources } = context.history;
  if ((path === "/api" || path === "/apis") && wantsAggregated(context, request)) return answerAggregated(context, request);
  if (path === "/api") return json(document(coreVersions(request.headers["host"] ?? "")));
  if (path === "/apis") return json(document(groupList(resources)));
  const [, root, first, second] = path.split("/");
  if (root === "api" && first !== undefined) return found(resourceList(resources, first));
  if (root !== "apis" || first === undefined) return undefined;
  return found(second === undefined ? oneGroup(resources, first) : resourceList(resources, `${first}/${second}`));
}

function answerAggregated(context: ServerContext, request: ApiRequest): Answer {
  const { body, etag } = aggregated(context.history.resources, request.path === "/api", context.settings.unavailableGroups);
  const headers = { etag, vary: "Accept" };
  if (request.headers["if-none-match"] === etag) return { status: 304, contentType: AGGREGATED_TYPE, body: "", headers };
  return { status: 200, contentType: AGGREGATED_TYPE, body, headers };
}

function wantsAggregated(context: ServerContext, request: ApiRequest): boolean {
  const clauses = (request.headers["accept"] ?? "").split(",").map((clause) => clause.replaceAll(" ", ""));
  return context.settings.aggregatedDiscovery && clauses.includes(AGGREGATED_TYPE);
}

function versionDocument(gitVersion: string): object {
  const [major = "1", minor = "35"] = gitVersion.replace(/^v/, "").split(".");
  const build = { gitCommit: "", gitTreeState: "clean", buildDate: "1970-01-01T00:00:00Z" };
  return { major, minor, gitVersion, ...build, goVersion: "", compiler: "", platform: "linux/amd64" };
}

function document(value: unknown): string {
  return JSON.stringify(value);
}

function found(value: unknown): Answer | undefined {
  return value === undefined ? undefined : json(document(value));
}
