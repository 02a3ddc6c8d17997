/**
 * The API server of the benchmark: as little work as possible between its memory and the socket, so that the client is what is
 * measured. Serves pods, Events and ConfigMaps over TLS: BENCH_MB megabytes of BENCH_KIND (`pods` or `events`) on the watch of
 * that kind, silence on every other; BENCH_ITEMS pods when they are listed, whose next versions the watch then sends. Prints its port and
 * what it sends as `linesOf` knows it, then waits.
 *
 *   BENCH_WATCHES   the lines are spread over the watches of so many namespaces
 *   BENCH_RANDOM    no two versions have values in common
 *   BENCH_PLAIN     without TLS
 *   BENCH_RATE      so many megabytes a second, whether or not they are read; prints in the end how many bytes waited for their reader at most
 *   BENCH_FIRST     prints when it was first asked, in milliseconds since 1970
 */
import { readFileSync } from "node:fs";
import { createServer as createPlainServer } from "node:http";
import { createServer } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { linesOf, listItems, versionOf } from "./corpus.mjs";

const KIND = process.env.BENCH_KIND ?? "pods";
const LISTS = { pods: "PodList", events: "EventList", configmaps: "ConfigMapList" };
/** Lines that go to the socket together. A real server sends each by itself; TLS joins what waits. */
const BATCH = 16;

const ITEMS = Number(process.env.BENCH_ITEMS ?? "0");
const PAGE = 500;
const RATE = Number(process.env.BENCH_RATE ?? "0");
const TICK_MS = 5;

const WATCHES = Number(process.env.BENCH_WATCHES ?? "1");
const shape = { items: ITEMS, watches: WATCHES, random: process.env.BENCH_RANDOM !== undefined };
const lines = linesOf(KIND, shape);
const items = ITEMS > 0 ? listItems() : undefined;
const COUNT = Math.floor((Number(process.env.BENCH_MB ?? "0") * 1e6) / lines.bytes);

const fixture = (name) => readFileSync(new URL(`../test/cluster-config/fixtures/${name}`, import.meta.url));
const isPlain = process.env.BENCH_PLAIN !== undefined;
const server = isPlain
  ? createPlainServer(answer)
  : createServer({ key: fixture("server.key"), cert: fixture("server.crt") }, answer);

if (process.env.BENCH_FIRST !== undefined) server.once("request", () => console.log(JSON.stringify({ connected: Date.now() })));

function answer(request, response) {
  const url = new URL(request.url, "https://localhost");
  const watched = /^\/api\/v1\/(?:namespaces\/[^/]+\/)?(pods|events|configmaps)$/.exec(url.pathname)?.[1];
  if (watched !== undefined && url.searchParams.get("watch")) return void watch(response, watched, url.pathname.split("/")[4]);
  if (watched === "pods" && items !== undefined) return page(response, Number(url.searchParams.get("continue") ?? 0));
  if (watched !== undefined)
    return json(response, { kind: LISTS[watched], apiVersion: "v1", metadata: { resourceVersion: "1" }, items: [] });
  const known = STATIC[url.pathname];
  if (known !== undefined) return json(response, known);
  const failure = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404, message: "not found" };
  json(response, failure, 404);
}

/** Pages of 500, whatever limit was asked for. */
function page(response, from) {
  const to = Math.min(from + PAGE, ITEMS);
  const metadata = {
    resourceVersion: versionOf(ITEMS - 1),
    ...(to < ITEMS ? { continue: String(to), remainingItemCount: ITEMS - to } : {}),
  };
  const head = `{"kind":"PodList","apiVersion":"v1","metadata":${JSON.stringify(metadata)},"items":[`;
  const body = Array.from({ length: to - from }, (_, at) => [at === 0 ? head : ",", items.at(from + at)]).flat();
  response.writeHead(200, { "content-type": "application/json" });
  response.end(Buffer.concat([...body, "]}"].map((part) => Buffer.from(part))));
}

async function watch(response, kind, namespace) {
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  if (kind !== KIND) return;
  if (RATE > 0) return await pace(response);
  const isWanted = (number) => WATCHES === 1 || lines.namespaceAt(number) === namespace;
  for (let sent = 0; sent < COUNT && !response.destroyed; sent += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, COUNT - sent) }, (_, at) => ITEMS + sent + at).filter(isWanted);
    if (batch.length > 0 && !response.write(Buffer.concat(batch.map(lines.at)))) await writable(response);
  }
}

async function pace(response) {
  const began = performance.now();
  let waiting = 0;
  for (let sent = 0, bytes = 0; sent < COUNT && !response.destroyed; await sleep(TICK_MS)) {
    for (const due = (performance.now() - began) * RATE * 1_000; bytes < due && sent < COUNT; sent++) {
      const line = lines.at(ITEMS + sent);
      bytes += line.length;
      response.write(line);
    }
    waiting = Math.max(waiting, response.writableLength);
  }
  console.log(JSON.stringify({ waiting, seconds: (performance.now() - began) / 1_000 }));
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
  const { port } = server.address();
  console.log(JSON.stringify({ port, kind: KIND, events: COUNT, bytes: lines.bytesOf(COUNT), ...shape }));
});
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
