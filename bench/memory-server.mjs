/**
 * The cluster of `memory.mjs`: a Deployment whose BENCH_PODS pods come, are replaced by as many new ones, and go with it. Each pod of
 * about 10 KB has eight versions and five Events. It begins when Faro watches, with BENCH_RATE changes a second or as many as the
 * machine can; what was done is printed when the last pod is gone.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { ClusterHistory, startApiServer } from "../dist/testing.js";
import { kubeEvent, pod } from "./corpus.mjs";

const PODS = Number(process.env.BENCH_PODS ?? "1000");
const RATE = Number(process.env.BENCH_RATE ?? "300");
const NAMESPACE = "bench";
const TICK_MS = 20;
/** Deployments, ReplicaSets, pods and Events. */
const WATCHES = 4;
/** Far more than Faro is ever behind. */
const KEPT_REVISIONS = 15_000;
const EVENTS = ["Scheduled", "Pulled", "Created", "Started", "Killing"];
/** Pods that are under way at a time, as of a rollout with its surge. */
const AT_ONCE = 25;

const history = new ClusterHistory();
for (const name of ["kube-system", NAMESPACE]) history.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "many", namespace: NAMESPACE } };
const uid = history.create(deployment).uid;
const server = await startApiServer({ history });
process.on("disconnect", () => process.exit(0));
console.log(JSON.stringify({ port: server.port }));
while (server.streams.length < WATCHES) await sleep(TICK_MS);

let changes = 0;
const began = performance.now();
let due = began;
for (const _ of rollouts()) {
  changes++;
  if (changes % 1_000 === 0) history.compact(history.revision - KEPT_REVISIONS);
  due = Math.max(due + 1_000 / RATE, performance.now() - TICK_MS);
  // What was written has to reach Faro also when the machine is too slow for the rate.
  if (due > performance.now()) await sleep(TICK_MS);
  else await turn();
}
console.log(JSON.stringify({ changes, seconds: Math.round((performance.now() - began) / 1_000) }));

/** One step for each change. */
function* rollouts() {
  const [first, second] = [replicaSet("many-1"), replicaSet("many-2")];
  yield;
  yield* waves(0, (number) => begin(number, first));
  yield* waves(0, (number) => replace(number, first, second));
  history.remove({ ...deployment, ...deployment.metadata });
  yield;
  yield* waves(PODS, (number) => end(number));
}

/** Pods by their number from `from` on, some at once, each a step further in turn. */
function* waves(from, lifeOf) {
  for (let start = from; start < from + PODS; start += AT_ONCE) {
    const lives = Array.from({ length: Math.min(AT_ONCE, from + PODS - start) }, (_, at) => lifeOf(start + at));
    for (let alive = lives; alive.length > 0;) {
      alive = alive.filter((life) => life.next().done !== true);
      yield* alive.map(() => undefined);
    }
  }
}

function* begin(number, owner) {
  history.create(podAt(number, owner, 2, { phase: "Pending" }));
  yield;
  yield report(number, 0);
  yield history.update(podAt(number, owner, 2, { phase: "Pending", podIP: "10.0.0.1" }));
  for (const event of [1, 2, 3]) yield report(number, event);
  yield history.update(podAt(number, owner, 2, {}));
  yield history.update(podAt(number, owner, 0, {}));
  yield history.update(podAt(number, owner, 1, { message: "probed" }));
}

function* replace(number, first, second) {
  yield* begin(PODS + number, second);
  yield* end(number, first);
}

function* end(number) {
  const ref = { apiVersion: "v1", kind: "Pod", namespace: NAMESPACE, name: nameOf(number) };
  yield history.requestDeletion(ref, 30);
  yield report(number, 4);
  yield history.modify(ref, (object) => ({ ...object, status: { ...object.status, phase: "Succeeded" } }));
  history.remove(ref);
  yield;
}

function replicaSet(name) {
  const owner = { apiVersion: "apps/v1", kind: "Deployment", name: "many", uid, controller: true };
  const metadata = { name, namespace: NAMESPACE, ownerReferences: [owner] };
  const created = history.create({ apiVersion: "apps/v1", kind: "ReplicaSet", metadata });
  return { apiVersion: "apps/v1", kind: "ReplicaSet", name, uid: created.uid, controller: true };
}

function nameOf(number) {
  return `many-${String(number).padStart(6, "0")}`;
}

function podAt(number, owner, version, status) {
  const { metadata, ...rest } = pod(number, version);
  const own = { ...metadata, name: nameOf(number), namespace: NAMESPACE, ownerReferences: [owner] };
  return today({ ...rest, metadata: own, status: { ...rest.status, ...status } });
}

function report(number, which) {
  const { metadata, ...rest } = kubeEvent(number);
  const own = { ...metadata, name: `${nameOf(number)}.${which}`, namespace: NAMESPACE, uid: `${metadata.uid}-${which}` };
  const { uid: involved } = pod(number, 0).metadata;
  const involvedObject = { apiVersion: "v1", kind: "Pod", namespace: NAMESPACE, name: nameOf(number), uid: involved };
  history.create(today({ ...rest, metadata: own, reason: EVENTS[which], involvedObject }));
}

/** With the current second in place of the corpus' times. */
function today(object) {
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  return JSON.stringify(object).replaceAll(/2026-01-01T00:[0-9:]{5}Z/g, now);
}
