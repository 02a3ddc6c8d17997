/**
 * The cluster of the soak: `SOAK_RATE` changes a second to ConfigMaps, pods and Events, ten pods that write, and a fault every other
 * second, all by chance from `SOAK_SEED`. Writes each version to the file `SOAK_TRUTH` (revision, change, kind, name, uid, time): what
 * Faro's recording is judged by. Prints its port; ends with its parent. SIGUSR2 ends changes and faults, and prints what was done.
 */
import { createWriteStream } from "node:fs";
import { ClusterHistory, ContainerLogs, startApiServer } from "../dist/testing.js";

const RATE = Number(process.env.SOAK_RATE ?? "500");
const NAMESPACE = "soak";
const CONFIG_MAPS = 200;
const PODS = 10;
const EVENTS = 50;
const TICK_MS = 20;
const COMPACTION_MS = 10_000;
const LINES_A_SECOND = 20;

const random = seeded(Number(process.env.SOAK_SEED ?? "1"));
const history = new ClusterHistory();
const logs = new ContainerLogs();
const truth = createWriteStream(process.env.SOAK_TRUTH ?? "/dev/null");
const run = { isOn: true };
let changes = 0;
let index = 0;
const faults = {};
/** What requests and stream lines meet at the moment. */
let trouble = { until: 0 };

history.subscribe(({ revision, change, storage, name, uid, at }) => {
  changes++;
  truth.write(`${revision} ${change} ${storage} ${name} ${uid} ${at}\n`);
});
history.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } });
history.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
for (let at = 0; at < CONFIG_MAPS; at++) history.create(configMap(`config-${at}`, 0));
const pods = Array.from({ length: PODS }, (_, at) => startPod(`pod-${at}`));
const server = await startApiServer({ history, logs, faults: { onRequest, onWatchEvent: onStream, onLogChunk: onLog } });

const timers = [
  setInterval(makeChanges, TICK_MS),
  setInterval(writeLines, 1_000 / LINES_A_SECOND),
  setInterval(() => history.compact(history.revision - 50), COMPACTION_MS),
];
void cause();
console.log(JSON.stringify({ port: server.port }));
process.on("SIGUSR2", () => void finish());
process.on("disconnect", () => process.exit(0));

async function finish() {
  run.isOn = false;
  for (const timer of timers) clearInterval(timer);
  trouble = { until: 0 };
  if (server.state === "down") await server.start().catch(() => {});
  truth.write("", () => console.log(JSON.stringify({ changes, faults, revision: history.revision })));
}

/** Makes as many changes as are due. A server that was busy catches up, so the rate holds over the run. */
let due = 0;
let last = performance.now();
function makeChanges() {
  const now = performance.now();
  due = Math.min(due + (RATE * (now - last)) / 1_000, RATE);
  last = now;
  for (; due >= 1; due--) changeOne(index++);
}

function changeOne(at) {
  const kind = at % 20;
  if (kind < 12) history.update(configMap(`config-${Math.floor(random() * CONFIG_MAPS)}`, at));
  else if (kind < 15) touchPod(pods[at % PODS], at);
  else if (kind < 18) repeatEvent(at % EVENTS, at);
  else if (kind === 18) history.create(configMap(`brief-${at}`, at));
  else history.remove({ apiVersion: "v1", kind: "ConfigMap", namespace: NAMESPACE, name: `brief-${at - 1}` });
}

function configMap(name, at) {
  const data = { at: String(at), text: "the quick brown fox jumps over the lazy dog ".repeat(4) };
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: NAMESPACE }, data };
}

function startPod(name) {
  const containerId = `containerd://${name}`;
  const pod = podObject(name, 0);
  const uid = history.create(pod).uid;
  const file = logs.start({ namespace: NAMESPACE, pod: name, podUid: uid, container: "app", containerId, restartCount: 0 });
  return { name, file };
}

function podObject(name, at) {
  const running = { startedAt: "2026-01-01T00:00:00Z" };
  const container = { name: "app", ready: true, restartCount: 0, containerID: `containerd://${name}`, state: { running } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: NAMESPACE, annotations: { at: String(at) } },
    spec: { nodeName: "node-1", containers: [{ name: "app", image: "example/app:1" }] },
    status: { phase: "Running", containerStatuses: [{ ...container, image: "example/app:1", imageID: "example/app@1" }] },
  };
}

function touchPod({ name }, at) {
  history.update(podObject(name, at));
}

/** An Event and its repetitions; a new one now and then, and the old one expires. */
function repeatEvent(slot, at) {
  const ref = { apiVersion: "v1", kind: "Event", namespace: NAMESPACE, name: `event-${slot}` };
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: ref.name, namespace: NAMESPACE },
    involvedObject: { apiVersion: "v1", kind: "Pod", namespace: NAMESPACE, name: `pod-${slot % PODS}` },
    reason: "Soaked",
    message: "again",
    type: "Normal",
    count: at,
    lastTimestamp: new Date().toISOString(),
  };
  if (history.get("/events", `${NAMESPACE}/${ref.name}`) === undefined) history.create(event);
  else if (random() < 0.02) history.remove(ref);
  else history.update(event);
}

let line = 0;
function writeLines() {
  const { file } = pods[line % PODS];
  file.append(`line ${line++} of the soak`, Date.now());
  if (file.entries.length > 5_000) file.rotate();
}

// --- faults -----------------------------------------------------------------------------------------

/** One fault after the other, for as long as changes are made. */
async function cause() {
  const all = {
    resetSome,
    resetAll,
    endAll,
    stallOne,
    restart,
    refuse,
    overload,
    failLists,
    cutLines,
    duplicate,
    serverErrors,
    slow,
  };
  while (run.isOn) {
    await sleep(500 + random() * 3_000);
    if (!run.isOn) return;
    const names = Object.keys(all);
    const name = names[Math.floor(random() * names.length)];
    faults[name] = (faults[name] ?? 0) + 1;
    await all[name]();
  }
}

function resetSome() {
  for (const stream of server.streams) if (random() < 0.4) stream.reset();
}

function resetAll() {
  for (const stream of server.streams) stream.reset();
}

function endAll() {
  for (const stream of server.streams) stream.end();
}

function stallOne() {
  server.streams[Math.floor(random() * server.streams.length)]?.stall();
}

async function restart() {
  await server.kill();
  await sleep(random() * 4_000);
  await server.start(random() < 0.5 ? 0 : 1_000);
}

function refuse() {
  trouble = { until: Date.now() + random() * 3_000, request: { fault: "reset" } };
  resetSome();
}

function overload() {
  const answer = { fault: "respond", status: 429, headers: { "retry-after": "1" }, body: "too many requests\n" };
  trouble = { until: Date.now() + random() * 3_000, request: answer };
  endAll();
}

function failLists() {
  trouble = { until: Date.now() + random() * 2_000, request: { fault: "truncate", bytes: 200, how: "reset" } };
  resetSome();
}

function cutLines() {
  trouble = { until: Date.now() + 500, stream: { fault: "cut", how: random() < 0.5 ? "end" : "reset" }, chance: 0.02 };
}

function duplicate() {
  trouble = { until: Date.now() + 1_000, stream: { fault: "duplicate" }, chance: 0.1 };
}

function serverErrors() {
  const stream = { fault: "error", code: 500, reason: "InternalError", message: "etcdserver: leader changed" };
  trouble = { until: Date.now() + 500, stream, chance: 0.02 };
}

function slow() {
  trouble = { until: Date.now() + 2_000, request: { fault: "delay", ms: 700 } };
  resetSome();
}

function onRequest() {
  return Date.now() < trouble.until ? trouble.request : undefined;
}

function onStream() {
  return Date.now() < trouble.until && trouble.stream !== undefined && random() < trouble.chance ? trouble.stream : undefined;
}

/** A line of a log twice, or an `ERROR` event in it, is nothing that a kubelet does. */
function onLog() {
  return trouble.stream?.fault === "cut" ? onStream() : undefined;
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Mulberry32: the same numbers for the same seed. */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
