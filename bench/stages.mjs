/**
 * What one version costs on each step from the wire to its line, in one process and by turns, beside what every recorder that
 * parses pays. `npm run build && node bench/stages.mjs [pods|events]` prints microseconds of CPU, the cheapest of some rounds.
 */
import { linesOf } from "./corpus.mjs";
import { normaliseObject, relationsOf, stepPod } from "../dist/normalise/index.js";
import { redactObject } from "../dist/normalise/redact.js";
import { redactShapes, redactShapesPlainly } from "../dist/normalise/redaction/patterns.js";
import { encodeRecord } from "../dist/record/index.js";
import { SliceMemory } from "../dist/sources/watch/slices.js";
import { parseWatchLine } from "../dist/sources/watch/watch-line.js";

const kind = process.argv[2] ?? "pods";
const COUNT = kind === "pods" ? 1_000 : 10_000;
const ROUNDS = 6;
const KEY = Buffer.alloc(16, 1);
const resource = { name: `${kind}.v1.`, apiVersion: "v1", kind: kind === "pods" ? "Pod" : "Event" };

const corpus = linesOf(kind);
const lines = Array.from({ length: COUNT }, (_, at) => corpus.at(at).subarray(0, -1));
const memory = new SliceMemory();
const objects = lines.map((line) => parseWatchLine(line, memory).object);
const texts = objects.map(({ raw }) => raw.toString("latin1"));
const normalise = ({ raw, parsed, slices, stencil }, seq) =>
  normaliseObject({
    stamp: { seq, receivedAt: 0 },
    epoch: 0,
    scope: "bench",
    change: "MODIFIED",
    observedBy: "watch",
    resource,
    raw,
    parsed,
    slices,
    stencil,
    redactionKey: KEY,
  });
const records = objects.map(normalise);
const summaries = new Map();
const mark = () => "[REDACTED]";

const STEPS = {
  "JSON.parse": (at) => JSON.parse(lines[at].toString()),
  "JSON.parse and stringify": (at) => JSON.stringify(JSON.parse(lines[at].toString())),
  "parseWatchLine, first version": (at) => parseWatchLine(lines[at]),
  "parseWatchLine, next version": (at) => parseWatchLine(lines[at], memory),
  "redactObject, first version": (at) => redactObject(objects[at].raw, resource, KEY),
  "redactObject, next version": (at) => redactObject(objects[at].raw, resource, KEY, objects[at]),
  "  redactShapes": (at) => redactShapes(texts[at], mark),
  "  redactShapesPlainly": (at) => redactShapesPlainly(texts[at], mark),
  "normaliseObject, redaction included": (at) => normalise(objects[at], at),
  relationsOf: (at) => relationsOf(records[at], objects[at].parsed),
  ...(kind === "pods" ? { stepPod: foldPod } : {}),
  encodeRecord: (at) => encodeRecord(records[at]),
};

function foldPod(at) {
  const { uid } = records[at];
  summaries.set(uid, stepPod(summaries.get(uid), records[at], objects[at].parsed).summary);
}

const least = Object.fromEntries(Object.keys(STEPS).map((step) => [step, Infinity]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [step, run] of Object.entries(STEPS)) least[step] = Math.min(least[step], cpuUs(run));
}
for (const [step, us] of Object.entries(least)) console.log(`${step.padEnd(36)} ${us.toFixed(1).padStart(8)} us`);

function cpuUs(run) {
  const before = process.cpuUsage();
  for (let at = 0; at < COUNT; at++) run(at);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / COUNT;
}
