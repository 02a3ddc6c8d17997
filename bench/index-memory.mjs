/**
 * What is remembered of each object that lives, beside two ways in which recorders do it: a map of small records, and a map of parsed
 * objects. Each in a process of its own, whose garbage is collected before it is asked.
 *
 *   node bench/index-memory.mjs [--sizes=1000,10000,100000] [--rounds=1]
 *
 * Prints a line of JSON for each size: bytes for each object, CPU of a full collection and of a look-up. `faro` is
 * what `correlate` and the state of a pod keep; what a running Faro takes in all is measured by `list.mjs`. Objects are pods of 10 KB.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isoTime } from "../dist/base/index.js";
import { Correlator } from "../dist/correlate/index.js";
import { normaliseObject, relationsOf, stepPod } from "../dist/normalise/index.js";
import { parseLean } from "../dist/sources/watch/lean-json.js";
import { identify } from "../dist/sources/watch/watch-line.js";
import { listItems } from "./corpus.mjs";
import { option } from "./processes.mjs";
import { byTurns, compare, exponent, print } from "./turns.mjs";

/** A parsed pod takes 20 KB: of these many, more would only be slow. */
const PARSED_MAX = 20_000;
const START = Date.UTC(2026, 0, 1);
const KEEPERS = { faro: keepAsFaro, records: keepRecords, parsed: keepParsed };

if (process.send !== undefined) {
  const [, , keeper, size] = process.argv;
  // What is compiled on the way, and the first growth of V8's own tables, are not the objects'.
  await measured(KEEPERS[keeper](), 1_000);
  process.send(await measured(KEEPERS[keeper](), Number(size)));
} else {
  const points = [];
  for (const size of option("sizes", "1000,10000,100000").split(",").map(Number)) {
    const names = Object.keys(KEEPERS).filter((name) => name !== "parsed" || size <= PARSED_MAX);
    const taken = await byTurns(
      Object.fromEntries(names.map((name) => [name, () => child(name, size)])),
      Number(option("rounds", 1)),
    );
    const bytes = compare(taken, (run) => run.bytes);
    points.push([size, bytes.faro.median * size]);
    print("index-memory", {
      objects: size,
      bytes_per_object: bytes,
      full_gc_cpu_ms: compare(taken, (run) => run.gcMs),
      lookup_cpu_us: compare(taken, ({ lookUpUs }) => lookUpUs),
    });
  }
  if (points.length > 1) print("index-memory", { bytes_exponent: exponent(points) });
}

async function child(keeper, size) {
  const options = { execArgv: ["--expose-gc", "--max-old-space-size=4096"] };
  const program = fork(fileURLToPath(import.meta.url), [keeper, String(size)], options);
  const [result] = await once(program, "message");
  await once(program, "exit");
  return result;
}

/** Of a keeper with `take(bytes, number)` and `find(uid)`. */
async function measured(keeper, size) {
  const items = listItems();
  const before = await memory();
  for (let number = 0; number < size; number++) keeper.take(items.at(number), number);
  const bytes = ((await memory()) - before) / size;
  const gcMs = cpuMs(() => globalThis.gc());
  const uids = Array.from({ length: 1_000 }, (_, at) => identityOf(items.at(Math.floor((at * size) / 1_000))).uid);
  const lookUpMs = cpuMs(() => {
    for (let at = 0; at < 100_000; at++) if (keeper.find(uids[at % 1_000]) === undefined) throw new Error(`${at} is not there`);
  });
  return { bytes, gcMs, lookUpUs: lookUpMs / 100 };
}

function cpuMs(run) {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Some times, with a turn between, because the memory of buffers is given back beside the program. */
async function memory() {
  for (let time = 0; time < 3; time++) {
    globalThis.gc();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function identityOf(item) {
  return identify(item, parseLean(item));
}

function keepAsFaro() {
  const selection = { resources: ["configmaps.v1"], names: [], namespaces: [], selector: "" };
  const correlator = new Correlator({ selection, correlationTimeoutMs: 0 });
  const summaries = new Map();
  const resource = { name: "pods.v1", apiVersion: "v1", kind: "Pod" };
  const fixed = {
    epoch: 1,
    scope: "pods.v1/bench",
    change: "LISTED",
    observedBy: "list",
    resource,
    redactionKey: Buffer.alloc(16),
  };
  return {
    take: (item, number) => {
      const { parsed } = identityOf(item);
      const raw = Buffer.concat([Buffer.from('{"kind":"Pod","apiVersion":"v1",'), item.subarray(1)]);
      const record = normaliseObject({ stamp: { seq: number + 1, receivedAt: START }, raw, parsed, ...fixed });
      correlator.accept({ ...record, at: isoTime(START) }, relationsOf(record, parsed));
      summaries.set(record.uid, stepPod(undefined, record, parsed).summary);
    },
    find: (uid) => correlator.storiesOf(uid) && summaries.get(uid),
  };
}

function keepRecords() {
  const records = new Map();
  return {
    take: (item) => {
      const { uid, namespace, name, resourceVersion } = identityOf(item);
      records.set(uid, { uid, namespace, name, resourceVersion });
    },
    find: (uid) => records.get(uid),
  };
}

function keepParsed() {
  const objects = new Map();
  return {
    take: (item) => {
      const object = JSON.parse(item.toString());
      objects.set(object.metadata.uid, object);
    },
    find: (uid) => objects.get(uid),
  };
}
