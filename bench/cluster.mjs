/**
 * A real API server with simulated nodes: the pods of a Deployment created, each updated, and deleted, while Faro and an informer of
 * client-go watch the same kinds side by side. With `--bare` the pods belong to nothing and stand on their nodes from the first: the
 * machine then makes many more of them in the same time.
 *
 *   node bench/cluster.mjs [--pods=1000] [--rate=50] [--bare]
 *
 * They come and go as fast as the machine can, and are updated at `--rate` a second. Prints JSON: CPU for each change, peak memory, and
 * of the updates the time from etcd's commit to the arrival and to the end of the sync. Fails when a version is lost, repeated or invented. Needs what `test/cluster` needs, but no root.
 */
import { execFileSync } from "node:child_process";
import { createReadStream, readFileSync, realpathSync, statSync } from "node:fs";
import { Agent, request } from "node:https";
import { loadavg } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { pod } from "./corpus.mjs";
import { judge } from "./judge.mjs";
import { clientGoProgram } from "./peers/client-go.mjs";
import { cpuMs, inFolder, memoryMb, option, startFaro, startMeasured, startServer } from "./processes.mjs";
import { inStep, quiet } from "./recording-end.mjs";

const PODS = Number(option("pods", 1_000));
const RATE = Number(option("rate", 50));
const BARE = process.argv.includes("--bare");
const NODES = 4;
const LIMIT_MS = 60 * 60_000;
const POLL_MS = 500;
const AT_ONCE = 8;
const NAMESPACE = "/api/v1/namespaces/bench";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/bench/deployments";
const KINDS = ["deployments", "replicasets", "pods", "events"];
const BED = fileURLToPath(new URL("../test/cluster/bed/", import.meta.url));
const NODE = ["--import", fileURLToPath(new URL("note-syncs.mjs", import.meta.url))];

await inFolder(async (folder) => {
  const bed = join(folder, "bed");
  const env = {
    ...process.env,
    FARO_TESTBED_DIR: bed,
    FARO_TESTBED_KUBELETS: "0",
    FARO_TESTBED_KWOK_NODES: String(NODES),
    FARO_TESTBED_APISERVER_ARGS: "--storage-media-type=application/json --etcd-compaction-interval=0",
  };
  // Also when it is interrupted.
  const down = () => execFileSync(join(BED, "down"), { env, stdio: ["ignore", 2, 2] });
  process.prependOnceListener("exit", down);
  execFileSync(join(BED, "up"), { env, stdio: ["ignore", 2, 2] });
  const report = await measure(folder, bed);
  down();
  process.off("exit", down);
  console.log(JSON.stringify(report));
  if (report.lost + report.repeated + report.invented > 0) process.exitCode = 1;
});

async function measure(folder, bed) {
  const kubeconfig = join(bed, "kubeconfig");
  const api = apiOf(readFileSync(kubeconfig, "utf8"));
  await api("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "bench" } });
  const truthFile = join(folder, "truth");
  const truth = startServer("etcd-truth.mjs", {
    TRUTH_ETCD: `http://127.0.0.1:${/^ETCD=(\d+)$/m.exec(readFileSync(join(bed, "ports"), "utf8"))[1]}`,
    TRUTH_NAMESPACE: "bench",
    TRUTH_STORAGES: KINDS.join(","),
    TRUTH_FILE: truthFile,
  });
  await truth.said();
  const programs = await startBoth(folder, kubeconfig);
  const before = Object.fromEntries(Object.entries(programs).map(([name, { child }]) => [name, cpuMs(child.pid)]));
  const began = performance.now();
  const updates = await work(api, () => nowOf(truth));
  const { revision, versions } = await nowOf(truth);
  await quiet(join(folder, "output/recording"));
  const seconds = (performance.now() - began) / 1_000;
  const after = Object.fromEntries(Object.entries(programs).map(([name, { child }]) => [name, cpuMs(child.pid)]));
  const taken = Object.fromEntries(
    Object.entries(programs).map(([name, { child }]) => {
      const cpu = after[name] - before[name];
      return [name, { cpu_ms_per_change: round(cpu / versions), peak_mb: Math.round(memoryMb(child.pid).peak) }];
    }),
  );
  programs.client_go?.child.kill("SIGTERM");
  programs.faro.child.kill("SIGINT");
  const { cpuMs: allMs, peakMb, code } = await programs.faro.usage;
  await programs.client_go?.usage;
  truth.child.kill();
  const verdict = await judged(realpathSync(folder), revision, updates);
  return {
    pods: PODS,
    changes: versions,
    changes_per_s: Math.round(versions / seconds),
    load: loadavg()[0],
    ...taken,
    story: { cpu_ms: Math.round(allMs - after.faro), peak_mb: Math.round(peakMb) },
    exit: code,
    ...verdict,
  };
}

/** Faro and, where it can be built, its peer; both watch when this returns. */
async function startBoth(folder, kubeconfig) {
  const scope = ["-n", "bench", "--resource=apps/v1/Deployment", "--name=many", "--related=replicasets,pods,events"];
  const flags = [...scope, "--no-include-logs", "--metrics-port=0", "--log-level=warn"];
  const env = { BENCH_SYNCS: join(folder, "syncs") };
  const programs = { faro: startFaro({ folder, kubeconfig, flags, env, node: NODE, limitMs: LIMIT_MS }) };
  const goProgram = clientGoProgram();
  if (goProgram !== undefined) {
    const BENCH_FILE = join(folder, "client-go.jsonl");
    const peer = { BENCH_KUBECONFIG: kubeconfig, BENCH_KIND: KINDS.join(","), BENCH_EVENTS: "-1", BENCH_FILE };
    programs.client_go = startMeasured(goProgram, [], { env: peer, limitMs: LIMIT_MS });
    await until("client-go to list", () => programs.client_go.said().includes("listed"));
  }
  await inStep(join(folder, "output/recording"), KINDS.length, programs.faro);
  return programs;
}

function nowOf(truth) {
  truth.tell("now");
  return truth.said();
}

/** Pods come, each is given an annotation, and all go. Returns the revisions between which they were updated. */
async function work(api, now) {
  const names = await (BARE ? createPods(api) : createDeployment(api));
  const { revision: from } = await now();
  const began = performance.now();
  await forEach(names, async (name, index) => {
    await sleep(began + (index * 1_000) / RATE - performance.now());
    await api("PATCH", `${NAMESPACE}/pods/${name}`, { metadata: { annotations: { "bench/updated": new Date().toISOString() } } });
  });
  const { revision: to } = await now();
  // With the Deployment itself its story would be complete, and be told while the recording is measured.
  if (BARE) await forEach(names, (name) => api("DELETE", `${NAMESPACE}/pods/${name}`));
  else await api("PATCH", `${DEPLOYMENTS}/many`, { spec: { replicas: 0 } });
  await until("all pods to go", async () => (await api("GET", `${NAMESPACE}/pods?limit=1`)).items.length === 0);
  return { from, to };
}

/** Both give the names of the pods when all of them run. */
async function createDeployment(api) {
  const template = { metadata: { labels: { app: "many" } }, spec: podSpec() };
  const spec = { replicas: PODS, selector: { matchLabels: { app: "many" } }, template };
  await api("POST", DEPLOYMENTS, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "many" }, spec });
  await until("all pods to run", async () => (await api("GET", `${DEPLOYMENTS}/many`)).status?.readyReplicas === PODS);
  return (await api("GET", `${NAMESPACE}/pods`)).items.map(({ metadata }) => metadata.name);
}

async function createPods(api) {
  const names = Array.from({ length: PODS }, (_, index) => `many-${String(index).padStart(6, "0")}`);
  await until("the service account", async () => (await api("GET", `${NAMESPACE}/serviceaccounts`)).items.length > 0);
  await forEach(names, (name, index) => {
    const metadata = { name, labels: { app: "many" } };
    const spec = { ...podSpec(), nodeName: `kwok-${(index % NODES) + 1}` };
    return api("POST", `${NAMESPACE}/pods`, { apiVersion: "v1", kind: "Pod", metadata, spec });
  });
  const waiting = `${NAMESPACE}/pods?limit=1&fieldSelector=status.phase%21%3DRunning`;
  await until("all pods to run", async () => (await api("GET", waiting)).items.length === 0);
  return names;
}

/** Some at once, begun in their order. */
async function forEach(names, call) {
  const queue = names.entries();
  const callEach = async () => {
    for (const [index, name] of queue) await call(name, index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, callEach));
}

/** That of the benchmark's other pods, without what only a real node could give it. */
function podSpec() {
  const { nodeName: _node, serviceAccountName: _name, serviceAccount: _account, volumes: _volumes, ...spec } = pod(0, 0).spec;
  const containers = spec.containers.map(({ volumeMounts: _mounts, resources: _resources, ...container }) => container);
  return { ...spec, containers };
}

/** What was lost, and how long it took from etcd to each program and, of Faro, to the disk. */
async function judged(folder, upTo, updates) {
  const durableAt = syncsOf(join(folder, "syncs"));
  const seen = new Map();
  const peer = await arrivalsOf(join(folder, "client-go.jsonl"));
  const arrival = [];
  const durable = [];
  const peerArrival = [];
  const verdict = await judge({
    recording: join(folder, "output/recording"),
    truthFile: join(folder, "truth"),
    upTo,
    onVersion: (key, head, file, end) => {
      seen.set(key, { at: Date.parse(/"at":"([^"]*)"/.exec(head)[1]), synced: durableAt(file, end) });
    },
    onTruth: (key, line) => {
      const [revision, , storage, , , heard] = line.split(" ");
      if (storage !== "/pods" || Number(revision) <= updates.from || Number(revision) > updates.to) return;
      const stored = Number(heard);
      const { at, synced } = seen.get(key);
      arrival.push(at - stored);
      durable.push(synced - stored);
      if (peer.has(key)) peerArrival.push(peer.get(key) - stored);
    },
  });
  return {
    ...verdict,
    client_go_has: peer.size,
    updates: arrival.length,
    arrival_ms: quantiles(arrival),
    durable_ms: quantiles(durable),
    client_go_arrival_ms: quantiles(peerArrival),
  };
}

/** When the peer's handler had each version; empty without a peer. */
async function arrivalsOf(path) {
  const arrivals = new Map();
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return arrivals;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const { at, object } = JSON.parse(line);
    arrivals.set(`${object.metadata.resourceVersion} ${object.metadata.uid}`, at);
  }
  return arrivals;
}

/** When the byte in front of an offset of a file was synced, by what `note-syncs.mjs` wrote. Asked in rising order of offsets. */
function syncsOf(path) {
  const files = new Map();
  for (const line of readFileSync(path, "utf8").trimEnd().split("\n")) {
    const [, size, at, file] = /^(\d+) (\d+) (.*)$/.exec(line);
    if (!files.has(file)) files.set(file, []);
    files.get(file).push({ size: Number(size), at: Number(at) });
  }
  return (file, end) => {
    // A segment that was packed since then was written as a plain one.
    const syncs = files.get(file.replace(/\.gz$/, ""));
    while (syncs[0].size < end) syncs.shift();
    return syncs[0].at;
  };
}

/** Sends one request as the cluster's admin, again when the server says that it is busy. */
function apiOf(kubeconfig) {
  const of = (name) => new RegExp(`${name}: "?([^"}\\s]+)`).exec(kubeconfig)[1];
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE, ca: Buffer.from(of("certificate-authority-data"), "base64") });
  return async (method, path, object) => {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const headers = { authorization: `Bearer ${of("token")}`, "content-type": type };
    for (;;) {
      const { status, body } = await send(new URL(path, of("server")), { agent, method, headers }, object);
      if (status < 300) return JSON.parse(body);
      if (status !== 429) throw new Error(`${status} to ${method} ${path}: ${body.slice(0, 300)}`);
      await sleep(1_000);
    }
  };
}

function send(url, options, object) {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part)).on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode, body: Buffer.concat(parts).toString() }));
    });
    sent.on("error", reject).end(object === undefined ? undefined : JSON.stringify(object));
  });
}

async function until(what, question) {
  for (const end = performance.now() + LIMIT_MS; !(await question()); await sleep(POLL_MS))
    if (performance.now() > end) throw new Error(`waited too long for ${what}`);
}

function quantiles(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) };
}

function round(value) {
  return Math.round(value * 1_000) / 1_000;
}
