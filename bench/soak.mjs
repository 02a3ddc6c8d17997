/**
 * Faro for an hour and a half under 500 changes a second and a random fault every other second, over real sockets and in real time.
 *
 *   node bench/soak.mjs [--minutes=90] [--rate=500] [--seed=1]
 *
 * Prints a line a minute and JSON at the end. Fails when a version is lost outside every gap, recorded twice or invented, when memory or
 * open files grow, or when Faro ends in any other way than with a story. Needs Linux (`/proc`), and a gigabyte of disk for each hour.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { judge } from "./judge.mjs";
import { inFolder, memoryMb, option, startFaro, startServer } from "./processes.mjs";

const MINUTES = Number(option("minutes", "90"));
const RATE = option("rate", "500");
const SEED = option("seed", "1");
const SAMPLE_MS = 5_000;
/**
 * The first half hour is not judged: deleted objects are remembered for ten minutes, and after that the peaks of what comes and goes
 * still meet each other higher for a while, which the C library's heap keeps.
 */
const WARM_UP = Math.min(0.5, 30 / MINUTES);
/** Above what a collector's rhythm alone makes of an hour, and far below any leak of a record or a connection. */
const MEMORY_SLOPE_MB_HOUR_MAX = 30;
const FILES_GROWTH_MAX = 5;
const FLAGS = ["--namespace=soak", "--resource=v1/Pod", "--related=configmaps,events", "--metrics-port=0", "--log-level=warn"];

await inFolder(soak, { keepFailed: true });

async function soak(folder) {
  const truthFile = join(folder, "truth");
  const server = startServer("soak-server.mjs", { SOAK_RATE: RATE, SOAK_SEED: SEED, SOAK_TRUTH: truthFile });
  const { port } = await server.said();
  const faro = startFaro({ folder, server: `http://127.0.0.1:${port}`, flags: FLAGS, limitMs: (MINUTES + 10) * 60_000 });
  const samples = await watchFaro(faro);
  server.child.kill("SIGUSR2");
  const done = await server.said();
  // Longer than Faro's longest pause between two tries.
  await sleep(40_000);
  const ending = await end(faro);
  const verdict = await judge({ recording: join(folder, "output/recording"), truthFile, upTo: done.revision });
  const report = { minutes: MINUTES, seed: Number(SEED), ...done, ...memory(samples), ...verdict, ...ending };
  const faults = faultsOf(report);
  console.log(JSON.stringify({ ...report, wrong: faults }));
  process.exitCode = faults.length === 0 ? 0 : 1;
}

/** Looks at Faro's memory and open files until the time is over. */
async function watchFaro({ child, said }) {
  const samples = [];
  const began = performance.now();
  for (let next = 1; performance.now() - began < MINUTES * 60_000;) {
    await sleep(SAMPLE_MS);
    if (child.exitCode !== null) throw new Error(`faro ended with ${child.exitCode}:\n${said().slice(-4_000)}`);
    const minutes = (performance.now() - began) / 60_000;
    samples.push({ minutes, megabytes: memoryMb(child.pid).now, files: readdirSync(`/proc/${child.pid}/fd`).length });
    if (minutes < next) continue;
    next++;
    const { megabytes, files } = samples.at(-1);
    console.error(`${Math.round(minutes)} min: ${Math.round(megabytes)} MB, ${files} files`);
  }
  return samples;
}

async function end({ child, usage, said }) {
  child.kill("SIGINT");
  const { code } = await usage;
  const isBroken = /unhandled|uncaught|FARO_INTERNAL|TypeError|ReferenceError/i.exec(said());
  return {
    exit: code,
    complaint: isBroken === null ? "" : said().slice(Math.max(0, isBroken.index - 500), isBroken.index + 1_500),
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
