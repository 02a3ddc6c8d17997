/**
 * The API server of `trickle.mjs`, over TLS: a Deployment with its ReplicaSet, whose pods and Events come over their watches one after the
 * other, BENCH_CHANGES a second of both together and BENCH_COUNT of each; silence on every other watch. Prints its port.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { linesOf, pod, versionOf } from "./corpus.mjs";

const CHANGES = Number(process.env.BENCH_CHANGES ?? 0);
const COUNT = Number(process.env.BENCH_COUNT ?? 0);
const CORE = [
  ["pods", "Pod"],
  ["events", "Event"],
  ["configmaps", "ConfigMap"],
];
const APPS = [
  ["deployments", "Deployment"],
  ["replicasets", "ReplicaSet"],
];
const KINDS = new Map([...CORE, ...APPS]);
const COLLECTION = new RegExp(`^/(?:api|apis/apps)/v1/namespaces/[^/]+/(${[...KINDS.keys()].join("|")})$`);
const lines = { pods: linesOf("pods"), events: linesOf("events") };
const owners = ownersOfPods();

function answer(request, response) {
  const url = new URL(request.url, "https://localhost");
  const plural = COLLECTION.exec(url.pathname)?.[1];
  if (plural !== undefined && url.searchParams.has("watch"))
    return void watch(response, plural, url.searchParams.get("resourceVersion"));
  if (plural !== undefined) return json(response, listOf(plural));
  const known = STATIC[url.pathname];
  if (known !== undefined) return json(response, known);
  json(
    response,
    { kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404, message: "not found" },
    404,
  );
}

function listOf(plural) {
  const apiVersion = APPS.some(([name]) => name === plural) ? "apps/v1" : "v1";
  return { kind: `${KINDS.get(plural)}List`, apiVersion, metadata: { resourceVersion: "1" }, items: owners[plural] ?? [] };
}

/** What comes after a version, be it asked for again. */
async function watch(response, plural, version) {
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  const first = Math.max(0, Number(version) - Number(versionOf(0)) + 1);
  const began = performance.now();
  for (let sent = 0; lines[plural] !== undefined && first + sent < COUNT && !response.destroyed; sent++) {
    const wait = ((sent + 1) * 2_000) / CHANGES - (performance.now() - began);
    if (wait > 0) await sleep(wait);
    response.write(lines[plural].at(first + sent));
  }
}

/** By resource, as items of a list. */
function ownersOfPods() {
  const own = (name, uid) => ({ name, namespace: "bench", uid, resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" });
  const [set] = pod(0, 0).metadata.ownerReferences;
  const deployment = own("web", "00000004-4b1c-4e51-9f0a-000000000000");
  const owner = { ...set, kind: "Deployment", name: deployment.name, uid: deployment.uid };
  return {
    deployments: [{ metadata: deployment }],
    replicasets: [{ metadata: { ...own(set.name, set.uid), ownerReferences: [owner] } }],
  };
}

function resources(groupVersion, kinds) {
  const verbs = ["get", "list", "watch"];
  const of = ([name, kind]) => ({ name, singularName: kind.toLowerCase(), namespaced: true, kind, verbs });
  return { kind: "APIResourceList", groupVersion, resources: kinds.map(of) };
}

const VERSION = { groupVersion: "apps/v1", version: "v1" };
const STATIC = {
  "/version": { major: "1", minor: "36", gitVersion: "v1.36.0" },
  "/api": { kind: "APIVersions", versions: ["v1"] },
  "/api/v1": resources("v1", CORE),
  "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [{ name: "apps", versions: [VERSION], preferredVersion: VERSION }] },
  "/apis/apps/v1": resources("apps/v1", APPS),
};

function json(response, body, status = 200) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

const fixture = (name) => readFileSync(new URL(`../test/cluster-config/fixtures/${name}`, import.meta.url));
const server = createServer({ key: fixture("server.key"), cert: fixture("server.crt") }, answer);
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
