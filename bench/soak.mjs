/**
 * Faro for an hour under 500 changes a second and a random fault every other second, over real sockets and in real time.
 *
 *   node bench/soak.mjs [--minutes=60] [--rate=500] [--seed=1]
 *
 * Prints a line a minute and JSON at the end. Fails when a version is lost outside every gap, recorded twice or invented, when memory or
 * open files grow, or when Faro ends in any other way than with a story. Needs Linux (`/proc`), and a gigabyte of disk for each hour.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const MINUTES = Number(option("minutes", "60"));
const RATE = option("rate", "500");
const SEED = option("seed", "1");
const SAMPLE_MS = 5_000;
/** The first part of the run fills caches and lets the heap find its size; deleted objects are remembered for ten minutes. */
const WARM_UP = Math.max(0.2, Math.min(0.5, 11 / MINUTES));
/** Above what a collector's rhythm alone makes of an hour, and far below any leak of a record or a connection. */
const MEMORY_SLOPE_MB_HOUR_MAX = 30;
const FILES_GROWTH_MAX = 5;
const RESOURCE_VERSION = /"resourceVersion":"([^"]*)"/;
const AFTER_VERSION = /"afterVersion":"([^"]*)"/;
const BY_VERSION = /"byVersion":"([^"]*)"/;
const UID = /"uid":"([^"]*)"/;

const folder = mkdtempSync(join(tmpdir(), "faro-soak-"));
const output = join(folder, "output");
const truthFile = join(folder, "truth");
const server = spawn(process.execPath, [join(HERE, "soak-server.mjs")], {
  env: { ...process.env, SOAK_RATE: RATE, SOAK_SEED: SEED, SOAK_TRUTH: truthFile },
  stdio: ["ignore", "pipe", "inherit", "ipc"],
});
const serverLines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
let faro;
try {
  const { port } = JSON.parse((await serverLines.next()).value);
  faro = startFaro(port);
  const samples = await watchFaro(faro);
  server.kill("SIGUSR2");
  const done = JSON.parse((await serverLines.next()).value);
  // Longer than Faro's longest pause between two tries.
  await sleep(40_000);
  const ending = await end(faro);
  const report = {
    minutes: MINUTES,
    seed: Number(SEED),
    ...done,
    ...memory(samples),
    ...(await judge(done.revision)),
    ...ending,
  };
  const faults = faultsOf(report);
  console.log(JSON.stringify({ ...report, wrong: faults }));
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  faro?.child.kill("SIGKILL");
  server.kill("SIGKILL");
  if (process.exitCode === 0) rmSync(folder, { recursive: true, force: true });
  else console.error(`what there is to look at: ${folder}`);
}

function option(name, otherwise) {
  return process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise;
}

function startFaro(port) {
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "soak",
      contexts: [{ name: "soak", context: { cluster: "soak", user: "soak", namespace: "soak" } }],
      clusters: [{ name: "soak", cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: "soak", user: {} }],
    }),
  );
  const args = ["--resource=v1/Pod", "--related=configmaps,events", `--output=${output}`, "--metrics-port=0"];
  const program = join(HERE, "../dist/cli/bin.js");
  const child = spawn(process.execPath, [program, ...args, `--kubeconfig=${kubeconfig}`, "--log-level=warn"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (text) => (log = (log + text).slice(-1_000_000)));
  return { child, log: () => log, closed: once(child, "close") };
}

/** Looks at Faro's memory and open files until the time is over. */
async function watchFaro({ child, log }) {
  const samples = [];
  const began = performance.now();
  for (let next = 1; performance.now() - began < MINUTES * 60_000;) {
    await sleep(SAMPLE_MS);
    if (child.exitCode !== null) throw new Error(`faro ended with ${child.exitCode}:\n${log().slice(-4_000)}`);
    const minutes = (performance.now() - began) / 60_000;
    samples.push({ minutes, megabytes: residentMegabytes(child.pid), files: readdirSync(`/proc/${child.pid}/fd`).length });
    if (minutes < next) continue;
    next++;
    const { megabytes, files } = samples.at(-1);
    console.error(`${Math.round(minutes)} min: ${Math.round(megabytes)} MB, ${files} files`);
  }
  return samples;
}

function residentMegabytes(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;
}

async function end({ child, log, closed }) {
  child.kill("SIGINT");
  const [code] = await closed;
  const isBroken = /unhandled|uncaught|FARO_INTERNAL|TypeError|ReferenceError/i.exec(log());
  return {
    exit: code,
    complaint: isBroken === null ? "" : log().slice(Math.max(0, isBroken.index - 500), isBroken.index + 1_500),
  };
}

/** The slope of memory by least squares, with its standard error: a slope within two of them is noise. */
function memory(all) {
  const samples = all.slice(Math.floor(all.length * WARM_UP));
  const mean = (of) => samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [x, y] = [mean((sample) => sample.minutes / 60), mean((sample) => sample.megabytes)];
  const spread = samples.reduce((sum, sample) => sum + (sample.minutes / 60 - x) ** 2, 0);
  const slope = samples.reduce((sum, sample) => sum + (sample.minutes / 60 - x) * (sample.megabytes - y), 0) / spread;
  const rest = samples.reduce((sum, sample) => sum + (sample.megabytes - y - slope * (sample.minutes / 60 - x)) ** 2, 0);
  // Memory now is like memory a moment ago: a minute's samples count for one.
  const independent = Math.max(3, samples.length / (60_000 / SAMPLE_MS));
  const error = Math.sqrt(rest / samples.length / (independent - 2) / (spread / samples.length));
  const sizes = samples.map((sample) => sample.megabytes);
  const files = samples.map((sample) => sample.files);
  return {
    memory: { slopeMbHour: round(slope), errorMbHour: round(error), meanMb: round(y), maxMb: round(Math.max(...sizes)) },
    files: { first: median(files.slice(0, 20)), last: median(files.slice(-20)), max: Math.max(...files) },
  };
}

/** Every version that the cluster made against the recording, and every gap. */
async function judge(upTo) {
  const { found, times, gaps, scopes } = await readOutput();
  const verdict = { versions: 0, lost: 0, inGaps: 0, repeated: 0, invented: 0, gaps: gaps.length, firstLost: [] };
  const stored = new Set();
  for await (const line of createInterface({ input: createReadStream(truthFile) })) {
    const [revision, change, storage, name, uid] = line.split(" ");
    const scope = scopes.get(storage);
    if (scope === undefined) continue;
    const key = `${revision} ${uid}`;
    stored.add(key);
    // What was there before Faro's first list is shown once, as it was then.
    if (Number(revision) <= scope.first || Number(revision) > upTo) continue;
    verdict.versions++;
    if (found.has(key)) continue;
    if (gaps.some((gap) => gap.storage === storage && covers(gap, Number(revision)))) verdict.inGaps++;
    else {
      verdict.lost++;
      if (verdict.firstLost.length < 5) verdict.firstLost.push(`${change} ${storage} ${name} ${uid} at ${revision}`);
    }
  }
  verdict.repeated = times;
  for (const key of found) if (!stored.has(key)) verdict.invented++;
  return verdict;
}

function covers(gap, revision) {
  if (gap.repaired === "full" || gap.visibleChange === false) return false;
  return revision > Number(gap.fromVersion ?? 0) && revision <= Number(gap.toVersion ?? Number.POSITIVE_INFINITY);
}

/** The revision of a deletion that no watch showed, where reading back left only one at which it can have been. */
function provenEnd(head) {
  const [after, by] = [textOf(head, AFTER_VERSION), textOf(head, BY_VERSION)];
  if (head.includes('"finalStateUnknown":true') || after === undefined || by === undefined) return undefined;
  return Number(by) === Number(after) + 1 ? by : undefined;
}

function textOf(head, member) {
  return member.exec(head)?.[1];
}

/** Reads no more of each line than it needs: there are millions. */
async function readOutput() {
  const found = new Set();
  const gaps = new Map();
  const scopes = new Map();
  let times = 0;
  const segments = readdirSync(join(output, "recording")).filter((name) => name.endsWith(".ndjson"));
  for (const segment of segments.toSorted()) {
    for await (const line of createInterface({ input: createReadStream(join(output, "recording", segment)) })) {
      const type = /"type":"([a-z-]+)"/.exec(line)?.[1];
      if (type === "gap") {
        const gap = JSON.parse(line);
        gaps.set(gap.gap, { ...gaps.get(gap.gap), ...gap, storage: `/${gap.scope.split(".")[0]}` });
      }
      if (type !== "object") continue;
      const head = line.slice(0, line.indexOf('"object":'));
      const [, resource] = /"resource":"([a-z]+)\./.exec(head) ?? [];
      const revision = head.includes('"synthetic":true') ? provenEnd(head) : textOf(head, RESOURCE_VERSION);
      if (revision === undefined) continue;
      const uid = textOf(head, UID);
      const scope = scopes.get(`/${resource}`) ?? { first: 0 };
      scopes.set(`/${resource}`, scope);
      if (head.includes('"change":"LISTED"')) scope.first = Math.max(scope.first, Number(revision));
      const key = `${revision} ${uid}`;
      if (found.has(key)) times++;
      found.add(key);
    }
  }
  return { found, times, gaps: [...gaps.values()].filter((gap) => !gap.scope.startsWith("log:")), scopes };
}

function faultsOf({ memory: { slopeMbHour, errorMbHour }, files, lost, repeated, invented, exit, complaint }) {
  const isGrowing = slopeMbHour > MEMORY_SLOPE_MB_HOUR_MAX && slopeMbHour > 2 * errorMbHour;
  return [
    ...(isGrowing ? [`memory grows by ${slopeMbHour} MB an hour`] : []),
    ...(files.last - files.first > FILES_GROWTH_MAX ? [`open files grow from ${files.first} to ${files.last}`] : []),
    ...(lost > 0 ? [`${lost} versions lost outside every gap`] : []),
    ...(repeated > 0 ? [`${repeated} versions recorded again`] : []),
    ...(invented > 0 ? [`${invented} versions that never were`] : []),
    ...(exit === 0 || exit === 3 ? [] : [`exit code ${exit}`]),
    ...(complaint === "" ? [] : [complaint]),
  ];
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function round(value) {
  return Math.round(value * 10) / 10;
}
