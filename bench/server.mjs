/**
 * The API server of the benchmark: as little work as possible between its memory and the socket, so that the client is what is
 * measured. Serves pods, Events and ConfigMaps over TLS: BENCH_MB megabytes of BENCH_KIND (`pods` or `events`) on the watch of
 * that kind, silence on every other. Prints its port, the number of lines and their bytes, then waits.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { linesOf } from "./corpus.mjs";

const KIND = process.env.BENCH_KIND ?? "pods";
const LISTS = { pods: "PodList", events: "EventList", configmaps: "ConfigMapList" };
/** Lines that go to the socket together. A real server sends each by itself; TLS joins what waits. */
const BATCH = 16;

const lines = linesOf(KIND);
const COUNT = Math.floor((Number(process.env.BENCH_MB ?? "10") * 1e6) / lines.bytes);

const fixture = (name) => readFileSync(new URL(`../test/cluster-config/fixtures/${name}`, import.meta.url));
const server = createServer({ key: fixture("server.key"), cert: fixture("server.crt") }, (request, response) => {
  const url = new URL(request.url, "https://localhost");
  const watched = /^\/api\/v1\/(?:namespaces\/[^/]+\/)?(pods|events|configmaps)$/.exec(url.pathname)?.[1];
  if (watched !== undefined && url.searchParams.get("watch")) return void watch(response, watched);
  if (watched !== undefined)
    return json(response, { kind: LISTS[watched], apiVersion: "v1", metadata: { resourceVersion: "1" }, items: [] });
  const answer = STATIC[url.pathname];
  if (answer !== undefined) return json(response, answer);
  const failure = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404, message: "not found" };
  json(response, failure, 404);
});

async function watch(response, kind) {
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  if (kind !== KIND) return;
  for (let sent = 0; sent < COUNT && !response.destroyed; sent += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, COUNT - sent) }, (_, at) => lines.at(sent + at));
    if (!response.write(Buffer.concat(batch))) await writable(response);
  }
}

/** Resolves when more can be written, or when nobody reads any more. */
function writable(response) {
  return new Promise((resolve) => {
    const settle = () => {
      response.off("drain", settle).off("close", settle);
      resolve();
    };
    response.on("drain", settle).on("close", settle);
  });
}

const resource = (name, kind, shortName) => ({
  name,
  singularName: kind.toLowerCase(),
  namespaced: true,
  kind,
  verbs: ["get", "list", "watch"],
  shortNames: [shortName],
});
const STATIC = {
  "/version": { major: "1", minor: "36", gitVersion: "v1.36.0" },
  "/api": { kind: "APIVersions", versions: ["v1"] },
  "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
  "/api/v1": {
    kind: "APIResourceList",
    groupVersion: "v1",
    resources: [resource("pods", "Pod", "po"), resource("events", "Event", "ev"), resource("configmaps", "ConfigMap", "cm")],
  },
  "/api/v1/namespaces/kube-system": {
    kind: "Namespace",
    apiVersion: "v1",
    metadata: { name: "kube-system", uid: "00000000-4b1c-4e51-9f0a-000000000000" },
  },
};

function json(response, body, status = 200) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ port: server.address().port, events: COUNT, bytes: lines.bytesOf(COUNT) }));
});
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
