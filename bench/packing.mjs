/**
 * What packing a finished segment takes and leaves, and what reading a packed one takes (`archive`), in one process.
 *
 *   node bench/packing.mjs [--corpora=pods,random,events,real] [--mb=32] [--rounds=5] [--lines=2000]
 *
 * Of each corpus: bytes on the disk for each byte of the segment; CPU for each megabyte, by turns with recording the same. Then CPU of reading
 * it through, of a single line anywhere, and of lines one after the other in the order of the file, by turns with the plain segment. `real` is what is
 * in `examples/recordings/`, again and again: gzip looks back 32 KB, and each of them is longer. A run counts only when gzip unpacks the segment.
 */
import { cpSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { openRecording, openRecordingSource } from "../dist/archive/index.js";
import { diskLayer } from "../dist/archive/file-layer.js";
import { packSegment } from "../dist/archive/segment-packer.js";
import { isoTime, mulberry32, systemClock } from "../dist/base/index.js";
import { linesOf, objectOf } from "./corpus.mjs";
import { inFolder, option } from "./processes.mjs";
import { byTurns, compare, print } from "./turns.mjs";

const MB = Number(option("mb", 32));
const ROUNDS = Number(option("rounds", 5));
const LINES = Number(option("lines", 2_000));
const EXAMPLES = fileURLToPath(new URL("../examples/recordings", import.meta.url));
const CORPORA = {
  pods: () => objectsOf(linesOf("pods")),
  random: () => objectsOf(linesOf("pods", { random: true })),
  events: () => objectsOf(linesOf("events")),
  real: realRecords,
};

for (const corpus of option("corpora", "pods,random,events,real").split(",")) {
  await inFolder(async (folder) => {
    const records = await CORPORA[corpus]();
    let round = 0;
    let directory;
    const record = () => measured(() => recorded((directory = join(folder, String(round++))), records));
    const pack = async () => {
      const plain = readFileSync(join(directory, "000001.ndjson"));
      const taken = await measured(() => packed(directory));
      return { ...taken, bytes: plain.length, left: checked(directory, plain) };
    };
    const taken = { pack: [], record: [] };
    for (let each = 0; each < ROUNDS; each++) {
      taken.record.push(await record());
      taken.pack.push(await pack());
    }
    const mb = taken.pack[0].bytes / 1e6;
    print("packing", {
      corpus,
      mb,
      bytes_out_per_byte: taken.pack[0].left / taken.pack[0].bytes,
      cpu_ms_per_mb: compare(taken, ({ cpuMs }) => cpuMs / mb),
    });
    const plain = join(folder, "plain");
    await recorded(plain, records);
    const read = await byTurns({ packed: () => reading(directory), plain: () => reading(plain) }, ROUNDS);
    const of = (what, per) => compare(read, (run) => run[what] / per);
    print("packed-reading", {
      corpus,
      scan_ms_per_mb: of("scan", mb),
      line_anywhere_us: of("anywhere", LINES / 1_000),
      line_in_order_us: of("inOrder", LINES / 1_000),
    });
  });
}

async function measured(run) {
  const before = process.cpuUsage();
  const result = await run();
  const { user, system } = process.cpuUsage(before);
  return { ...result, cpuMs: (user + system) / 1_000 };
}

async function recorded(directory, records) {
  const writer = await openRecording({ directory, clock: systemClock, faroVersion: "1.0.0", segmentBytesMax: 1e12 });
  for (let number = 0; writer.bytes < MB * 1e6; number++) {
    writer.append({ ...records[number % records.length], seq: number + 1 });
    await writer.room();
  }
  await writer.close();
}

/** Without its rests: they take no CPU. */
async function packed(directory) {
  const clock = { monotonic: () => 0, sleep: () => Promise.resolve() };
  const settings = {
    layer: diskLayer,
    directory,
    clock,
    finishedBefore: () => 2,
    onPacked: () => Promise.resolve(),
    bytesMin: 0,
  };
  await packSegment(settings, 1, new AbortController().signal);
}

function checked(directory, plain) {
  const path = join(directory, "000001.ndjson.gz");
  if (!gunzipSync(readFileSync(path)).equals(plain)) throw new Error(`${path} is not the segment`);
  return statSync(path).size;
}

async function reading(directory) {
  const source = await openRecordingSource(directory);
  const positions = [];
  const scan = await measured(async () => {
    for await (const { record, position } of source.scan())
      if (record.type === "object" || record.type === "log") positions.push(position);
  });
  const random = mulberry32(1);
  const anywhere = await measured(async () => {
    for (let line = 0; line < LINES; line++) await source.read(positions[Math.floor(random() * positions.length)]);
  });
  const step = positions.length / LINES;
  const inOrder = await measured(async () => {
    for (let line = 0; line < LINES; line++) await source.read(positions[Math.floor(line * step)]);
  });
  await source.close();
  return { scan: scan.cpuMs, anywhere: anywhere.cpuMs, inOrder: inOrder.cpuMs };
}

function objectsOf(lines) {
  const fixed = { type: "object", epoch: 1, scope: "bench", change: "MODIFIED", observedBy: "watch", apiVersion: "v1" };
  return Array.from({ length: lines.templates }, (_, number) => {
    const name = `web-${number}`;
    const identity = {
      resource: "pods.v1",
      kind: "Pod",
      namespace: "bench",
      name,
      uid: `00000001-${name}`,
      resourceVersion: String(number),
    };
    return { at: isoTime(Date.now() + number), ...fixed, ...identity, raw: objectOf(lines.at(number)) };
  });
}

async function realRecords() {
  const records = [];
  for (const name of readdirSync(EXAMPLES)) {
    await inFolder(async (folder) => {
      cpSync(join(EXAMPLES, name, "recording"), folder, { recursive: true });
      const source = await openRecordingSource(folder);
      for await (const { record } of source.scan())
        if (record.type !== "faro-recording" && record.type !== "seal") records.push(record);
      await source.close();
    });
  }
  return records;
}
