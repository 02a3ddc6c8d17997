/**
 * The reader of a watch's lines by itself (`sources/watch`), beside `JSON.parse` of each line and a copy of the bytes, in one process.
 *
 *   node bench/scan.mjs [--rounds=7] [--fuzz=20000] [--quick]
 *
 * First it has to agree with `JSON.parse` on the corpus, on damaged and on cut lines. Prints MB a second of CPU, ratios, and how the cost
 * grows with the size of an object (1 KB to 1 MB) and with its depth (10 to 1,000). `--quick` measures the corpus alone.
 */
import { LineSplitter } from "../dist/base/index.js";
import { SliceMemory } from "../dist/sources/watch/slices.js";
import { parseWatchLine } from "../dist/sources/watch/watch-line.js";
import { linesOf } from "./corpus.mjs";
import { option } from "./processes.mjs";
import { exponent, median, print, rounded } from "./turns.mjs";

const ROUNDS = Number(option("rounds", 7));
const isQuick = process.argv.includes("--quick");
const FUZZ = Number(option("fuzz", isQuick ? 2_000 : 20_000));
const CHUNK = 64 << 10;
const BYTES = 8e6;
const KINDS = { pods: 1_600, events: 8_000 };

const checked = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, disagreements(kind)]));
const results = Object.fromEntries(Object.entries(KINDS).map(([kind, count]) => [kind, measure(corpus(kind, count))]));
if (!isQuick) {
  const slope = (sizes, lineOf) => {
    const costs = sizes.map((size) => [size, measure(repeated(lineOf(size)), false).us_per_line]);
    return { us_per_line: Object.fromEntries(costs), exponent: exponent(costs) };
  };
  results.size = slope([1e3, 1e4, 1e5, 1e6], (bytes) => made(bytes, 10));
  results.depth = slope([10, 30, 100, 300, 1_000], (depth) => made(20_000, depth));
}
print("scan", { ...results, checked });
if (Object.values(checked).some(({ disagree, truncated_accepted }) => disagree + truncated_accepted > 0)) process.exitCode = 1;

function corpus(kind, count) {
  const lines = linesOf(kind);
  return Array.from({ length: count }, (_, at) => lines.at(at));
}

/** Microseconds of CPU for each line, and how many times that of ours the others take. `isNext`: earlier versions are known. */
function measure(lines, isNext = true) {
  const text = Buffer.concat(lines);
  const target = Buffer.alloc(text.length);
  const memory = new SliceMemory();
  const programs = {
    faro: () => read(text, (line) => parseWatchLine(line, isNext ? memory : new SliceMemory())),
    json_parse: () => read(text, (line) => JSON.parse(line.toString())),
    copy: () => text.copy(target),
  };
  const taken = { faro: [], json_parse: [], copy: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(programs)) taken[name].push(cpuUs(run));
  }
  const [own, parse, copy] = Object.values(taken).map(median);
  return {
    bytes_per_line: Math.round(text.length / lines.length),
    us_per_line: rounded(own / lines.length),
    mb_per_s: rounded(text.length / own),
    ratios: { json_parse: rounded(parse / own), copy: rounded(copy / own) },
    // Others' work makes a round dearer and never cheaper.
    best: rounded(Math.min(...taken.json_parse) / Math.min(...taken.faro)),
  };
}

/** As a socket gives it: in pieces that end anywhere. */
function read(text, take) {
  const splitter = new LineSplitter();
  for (let at = 0; at < text.length; at += CHUNK) for (const line of splitter.push(text.subarray(at, at + CHUNK))) take(line);
}

function cpuUs(run) {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Lines of the corpus as they are, damaged in one byte, and cut, against `JSON.parse`. Earlier versions of each object are known. */
function disagreements(kind) {
  const lines = linesOf(kind);
  const memory = new SliceMemory();
  const counts = { lines: 0, damaged: 0, cut: 0, disagree: 0, truncated_accepted: 0 };
  const random = randomFrom(1);
  const judge = (line, sort) => {
    counts[sort]++;
    const told = parseWatchLine(line, memory);
    if (sort === "cut" && told.type !== "undecodable") counts.truncated_accepted++;
    if (asRead(told) !== plainly(line)) counts.disagree++;
  };
  for (let at = 0; at < FUZZ; at++) {
    const line = lines.at(at).subarray(0, -1);
    judge(line, "lines");
    if (at % 2 === 0) judge(line.subarray(0, random(line.length)), "cut");
    else {
      line[random(line.length)] = random(256);
      judge(line, "damaged");
    }
  }
  return counts;
}

/** What a line says, as Faro read it: its object, or `refused`. */
function asRead(told) {
  return "object" in told ? canonical(told.type, told.object.parsed, JSON.parse(told.object.raw.toString())) : "refused";
}

function plainly(line) {
  try {
    const { type, object } = JSON.parse(line.toString());
    const { uid, name, resourceVersion } = object.metadata;
    const isKnown = ["ADDED", "MODIFIED", "DELETED"].includes(type) && object.kind !== "Table";
    if (!isKnown || [uid, name, resourceVersion].some((value) => typeof value !== "string")) return "refused";
    return canonical(type, object, object);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return "refused";
    throw error;
  }
}

/** What was understood, and all that will be recorded. */
function canonical(type, object, recorded) {
  return type + JSON.stringify(object, (key, value) => (key === "managedFields" ? undefined : value)) + JSON.stringify(recorded);
}

/** A small generator whose numbers are the same each time. */
function randomFrom(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function repeated(line) {
  return Array.from({ length: Math.max(1, Math.round(BYTES / line.length)) }, () => line);
}

/** A line of about so many bytes, half of them in the spec, both halves so deep. */
function made(bytes, depth) {
  const nested = (levels) => (levels === 0 ? "x" : { level: nested(levels - 1) });
  const part = () => {
    const fields = Array.from({ length: Math.max(1, Math.floor((bytes / 2 - depth * 10) / 40)) }, (_, at) => [
      `field-${String(at).padStart(6, "0")}`,
      { name: "x".repeat(10) },
    ]);
    return { nested: nested(depth), ...Object.fromEntries(fields) };
  };
  const metadata = { name: "made", namespace: "bench", uid: "00000001-4b1c-4e51-9f0a-000000000000", resourceVersion: "1" };
  return Buffer.from(
    `${JSON.stringify({ type: "MODIFIED", object: { kind: "Pod", apiVersion: "v1", metadata, spec: part(), status: part() } })}\n`,
  );
}
