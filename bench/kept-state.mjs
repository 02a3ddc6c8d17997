/**
 * What putting together takes that a run keeps for its next start, by the pods that live; each has an owner, is a member of its story,
 * and states what pods state of others. Nothing is recorded from the first piece to the last, and each piece is a turn of the event loop.
 *
 *   node bench/kept-state.mjs [--sizes=1000,6000,20000] [--rounds=3] [--rows=256]
 *
 * Prints a line of JSON for each size: CPU of all pieces and of the longest, milliseconds, and how large it is.
 */
import { LongList } from "../dist/base/index.js";
import { DamageWatch, packState, recover, startFrom } from "../dist/capture/recovery.js";
import { Correlator } from "../dist/correlate/index.js";
import { StoryIndex } from "../dist/story/index.js";
import { listItems } from "./corpus.mjs";
import { option } from "./processes.mjs";
import { compare, print } from "./turns.mjs";

const AT = "2026-01-01T00:00:00.000Z";
const SELECTION = { resources: ["replicasets.v1.apps"], names: [], namespaces: [], selector: "" };
const PODS_OF_OWNER = 50;
/** Of long lists in one piece. */
const ROWS = Number(option("rows", 256));

for (const size of option("sizes", "1000,6000,20000").split(",").map(Number)) {
  const start = await known(size);
  const rounds = Array.from({ length: Number(option("rounds", 3)) }, () => putTogether(start));
  const figures = compare({ faro: rounds }, ({ cpuMs }) => cpuMs);
  const longest = compare({ faro: rounds }, ({ longestMs }) => longestMs);
  const [{ pieces, bytes }] = rounds;
  print("kept-state", { pods: size, cpu_ms: figures.faro, longest_ms: longest.faro, pieces, mb: Math.round(bytes / 1e5) / 10 });
}

/** What a run knows that saw so many pods. */
async function known(size) {
  const make = () => ({ correlator: new Correlator({ selection: SELECTION, correlationTimeoutMs: 0 }), index: new StoryIndex() });
  const start = startFrom(undefined, make);
  const { missing } = await recover({ scan: () => records(size) }, start, new DamageWatch());
  for (const [at, draft] of missing.entries()) start.index.accept({ ...draft, seq: 3 * size + at, at: AT }, 0);
  return start;
}

async function* records(size) {
  const items = listItems();
  let seq = 0;
  const at = (record) => ({ position: seq, record: { seq: ++seq, at: AT, ...record } });
  yield at({ type: "run", state: "started", faroVersion: "1.0.0", epoch: 1, selection: SELECTION });
  for (let number = 0; number < size; number++) {
    const owner = `owner-${Math.floor(number / PODS_OF_OWNER)}`;
    if (number % PODS_OF_OWNER === 0) yield at(object("ReplicaSet", { uid: owner, name: owner, raw: Buffer.from("{}") }));
    const owners = [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: owner, uid: owner, controller: true }];
    yield at(object("Pod", { uid: uidOf(number), name: `pod-${number}`, raw: items.at(number), owners }));
  }
}

function object(kind, of) {
  const [resource, apiVersion] = kind === "Pod" ? ["pods.v1", "v1"] : ["replicasets.v1.apps", "apps/v1"];
  const seen = { epoch: 1, scope: `${resource}/*`, change: "ADDED", observedBy: "watch", namespace: "bench" };
  return { type: "object", ...seen, resource, apiVersion, kind, resourceVersion: "1", ...of };
}

function uidOf(number) {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

function putTogether(start) {
  const taken = { cpuMs: 0, longestMs: 0, pieces: 0, bytes: 0 };
  const { pieces } = packState(start, new LongList(start.pods), ROWS);
  for (
    let before = process.cpuUsage(), next = pieces.next();
    next.done !== true;
    before = process.cpuUsage(), next = pieces.next()
  ) {
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1_000;
    taken.cpuMs += ms;
    taken.longestMs = Math.max(taken.longestMs, ms);
    taken.pieces++;
    taken.bytes += next.value.byteLength;
  }
  return taken;
}
