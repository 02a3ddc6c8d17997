/**
 * The recording's writer by itself (`archive`), in one process, by turns with what it cannot be faster than.
 *
 *   node bench/journal.mjs [--rates=2000,10000] [--seconds=5] [--sizes=1,10,100,1000] [--rounds=5]
 *
 * At each rate (Events a second): from a record's arrival to its write and to the end of its sync, beside a loop that writes the same
 * bytes and syncs at the same interval. At each size (megabytes of pods, as fast as it goes): CPU and time beside an append of the same
 * bytes. Prints a line of JSON for each. A run counts only when every line stands in the recording once, byte for byte.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openRecording } from "../dist/archive/index.js";
import { isoTime, systemClock } from "../dist/base/index.js";
import { offsetOf } from "../dist/record/index.js";
import { checkRecording } from "./check-recording.mjs";
import { linesOf, objectOf, versionOf } from "./corpus.mjs";
import { inFolder, option } from "./processes.mjs";
import { recordedBytes } from "./recording-lines.mjs";
import { byTurns, compare, exponent, print, quantile } from "./turns.mjs";

const numbers = (name, otherwise) => option(name, otherwise).split(",").filter(Boolean).map(Number);
const ROUNDS = Number(option("rounds", 5));
const SECONDS = Number(option("seconds", 5));
/** Faro's own: how long a record waits for its sync, and how many bytes a sync is about at the most. */
const INTERVAL_MS = 50;
const SYNC_BYTES = 8 << 20;
const BLOCK_BYTES = 1 << 20;
const TICK_MS = 1;

/** Told how long the file is that was written last, behind each write and behind each sync. */
const files = { written: () => {}, synced: () => {} };
await listen();
for (const rate of numbers("rates", "2000,10000")) {
  const taken = await byTurns({ faro: () => paced(rate, recorder), bare: () => paced(rate, bareLoop) }, ROUNDS);
  const of = (stage, share) => compare(taken, (run) => quantile(run[stage], share));
  print("durable-latency", {
    records_per_s: rate,
    written_ms: { p50: of("written", 0.5), p99: of("written", 0.99) },
    durable_ms: { p50: of("durable", 0.5), p99: of("durable", 0.99) },
    cpu_ms: compare(taken, ({ cpuMs }) => cpuMs),
  });
}
const costs = [];
for (const mb of numbers("sizes", "1,10,100,1000")) {
  const taken = await byTurns({ faro: () => bulk(mb, recorder), plain: () => bulk(mb, plainAppend) }, ROUNDS);
  const cpu = compare(taken, ({ cpuMs }) => cpuMs);
  costs.push([mb, cpu.faro.median]);
  const out = taken.faro[0].bytes / (mb * 1e6);
  print("journal", { mb, cpu_ms: cpu, wall_ms: compare(taken, ({ wallMs }) => wallMs), bytes_out_per_byte: out });
}
if (costs.length > 1) print("journal", { cpu_exponent: exponent(costs) });

/** Milliseconds from the arrival of each of so many Events a second to its write and its sync. */
function paced(rate, begin) {
  const ends = [];
  const arrivals = [];
  const taken = { written: [], durable: [] };
  const reached = (stage) => (length) => {
    const now = performance.now();
    for (let at = taken[stage].length; ends[at] <= length; at++) taken[stage].push(now - arrivals[at]);
  };
  return measured("events", rate * SECONDS, begin, async (writer, objects, total) => {
    Object.assign(files, { written: reached("written"), synced: reached("durable") });
    for (const began = performance.now(); ends.length < total; await sleep(TICK_MS)) {
      const due = Math.min(total, ((performance.now() - began) * rate) / 1_000);
      while (ends.length < due) {
        arrivals.push(performance.now());
        ends.push(writer.take(objects(ends.length), ends.length));
      }
    }
    await writer.synced();
    if (taken.durable.length !== total) throw new Error(`${taken.durable.length} of ${total} records were synced`);
    return taken;
  });
}

function bulk(mb, begin) {
  return measured("pods", Math.ceil((mb * 1e6) / linesOf("pods").bytes), begin, async (writer, objects, total) => {
    for (let number = 0; number < total; number++) {
      writer.take(objects(number), number);
      await writer.room();
    }
    await writer.synced();
    return {};
  });
}

function measured(kind, total, begin, run) {
  return inFolder(async (folder) => {
    const writer = await begin(folder, kind);
    const objects = objectsOf(kind);
    const before = { cpu: process.cpuUsage(), at: performance.now() };
    const result = await run(writer, objects, total);
    const { user, system } = process.cpuUsage(before.cpu);
    const wallMs = performance.now() - before.at;
    await writer.close();
    if (begin === recorder) await checkRecording(folder, { kind, events: total });
    return { ...result, cpuMs: (user + system) / 1_000, wallMs, bytes: recordedBytes(folder) };
  });
}

/** Objects by number, in memory that is used again: whoever takes one has copied it before the next. */
function objectsOf(kind) {
  const lines = linesOf(kind);
  const objects = Array.from({ length: lines.templates }, (_, at) => objectOf(lines.at(at)));
  const places = objects.map((object) => object.indexOf('"resourceVersion":"') + 19);
  return (number) => {
    const at = number % objects.length;
    objects[at].write(versionOf(number), places[at], "latin1");
    return objects[at];
  };
}

/** Faro's writer. `take` returns the offset at which a record's line begins: what ends there, or behind it, is written. */
async function recorder(directory, kind) {
  const writer = await openRecording({ directory, clock: systemClock, faroVersion: "1.0.0", segmentBytesMax: 1e12 });
  const type = kind === "pods" ? { resource: "pods.v1", kind: "Pod" } : { resource: "events.v1", kind: "Event" };
  const fixed = { type: "object", epoch: 1, scope: "bench", change: "MODIFIED", observedBy: "watch", apiVersion: "v1", ...type };
  return {
    take: (raw, number) => {
      const name = `web-${number}`;
      const identity = { namespace: "bench", name, uid: `00000001-${name}`, resourceVersion: versionOf(number), raw };
      return offsetOf(writer.append({ seq: number + 1, at: isoTime(Date.now()), ...fixed, ...identity })) + 1;
    },
    room: () => writer.room(),
    synced: () => writer.durable(),
    close: () => writer.close(),
  };
}

/** Writes and syncs what came, `INTERVAL_MS` after the first of it. */
async function bareLoop(directory) {
  const file = await open(join(directory, "bare"), "w");
  let waiting = [];
  let at = 0;
  let end = 0;
  let isDue = false;
  let last = Promise.resolve();
  const commit = async () => {
    const group = waiting;
    waiting = [];
    isDue = false;
    await file.writev(group, at);
    at += group.reduce((sum, { length }) => sum + length, 0);
    await file.datasync();
  };
  return {
    take: (bytes) => {
      waiting.push(Buffer.from(bytes));
      if (!isDue) last = Promise.all([last, sleep(INTERVAL_MS)]).then(commit);
      isDue = true;
      return (end += bytes.length);
    },
    synced: () => last,
    close: () => file.close(),
  };
}

/** Writes a block when it is full, and syncs behind as many of them as a sync of Faro is about. */
async function plainAppend(directory) {
  const file = await open(join(directory, "plain"), "w");
  const block = Buffer.alloc(BLOCK_BYTES + 20_000);
  let length = 0;
  let unsynced = 0;
  const write = async () => {
    await file.write(block, 0, length);
    unsynced += length;
    length = 0;
  };
  const sync = async () => {
    await file.datasync();
    unsynced = 0;
  };
  return {
    take: (bytes) => (length += bytes.copy(block, length)),
    room: async () => {
      if (length >= BLOCK_BYTES) await write();
      if (unsynced >= SYNC_BYTES) await sync();
    },
    synced: async () => {
      await write();
      await sync();
    },
    close: () => file.close(),
  };
}

/** Tells of the writes and syncs of all files of this process that are written by `writev`. */
async function listen() {
  const probe = await open(process.execPath);
  const FileHandle = Object.getPrototypeOf(probe);
  await probe.close();
  const { writev, datasync } = FileHandle;
  const lengths = new WeakMap();
  FileHandle.writev = async function noted(pieces, position) {
    const result = await writev.call(this, pieces, position);
    lengths.set(this, position + result.bytesWritten);
    files.written(lengths.get(this));
    return result;
  };
  FileHandle.datasync = async function noted() {
    const length = lengths.get(this) ?? 0;
    await datasync.call(this);
    files.synced(length);
  };
}
