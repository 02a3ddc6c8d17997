/**
 * What a list costs and how much memory the objects in it take as long as they live: lists of pods of 10 KB in pages of 500, recorded by
 * Faro, and parsed page by page and written as lines of JSON by its peer, by turns.
 *
 *   node bench/list.mjs [--sizes=1000,10000,100000] [--rounds=1] [--only=faro]
 *
 * Prints a line of JSON for each size, less what a list of nothing takes. A run of Faro counts only when each pod stands in its recording
 * once, byte for byte. Needs Linux (`/proc`), and 1 GB of disk for each 100,000 pods.
 */
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { listItems, versionOf } from "./corpus.mjs";
import { clientGo, measureWith, recorderEnv } from "./harness.mjs";
import { memoryMb, option, programFile, startFaro, startMeasured } from "./processes.mjs";
import { endOfRecording, inStep } from "./recording-end.mjs";
import { linesOfRecording } from "./recording-lines.mjs";

const SIZES = option("sizes", "1000,10000,100000").split(",").map(Number);
const ROUNDS = Number(option("rounds", 1));
const FLAGS = ["--resource=v1/ConfigMap", "--related=pods", "--no-include-logs", "--metrics-port=0", "--log-level=error"];
const OBJECT = ',"object":{';
const LIMIT_MS = 20 * 60_000;
/** Long enough for a collector to have had its turn. */
const REST_MS = 5_000;

const informer = clientGo();
const programs = { faro, parse, ...(informer && { client_go: (run) => informer({ ...run, events: run.items }) }) };
const only = option("only", Object.keys(programs).join(",")).split(",");
for (const name of Object.keys(programs)) if (!only.includes(name)) delete programs[name];
const nothing = await round(0);
for (const size of SIZES) {
  const rounds = [];
  while (rounds.length < ROUNDS) rounds.push(await round(size));
  const report = { pods: size, load: loadavg()[0] };
  for (const name of Object.keys(programs)) {
    const least = (key) => Math.min(...rounds.map((taken) => taken[name][key]));
    report[name] = {
      cpu_us_per_pod: Math.round(((least("cpuMs") - nothing[name].cpuMs) * 1_000) / size),
      peak_mb: Math.round(least("peakMb")),
      peak_growth_mb: Math.round(least("peakMb") - nothing[name].peakMb),
    };
  }
  const held = Math.min(...rounds.map(({ faro: { heldMb } }) => heldMb));
  console.log(JSON.stringify({ ...report, faro_held_mb: Math.round(held), allowed_mb: Math.round(90 + (130 * size) / 2 ** 20) }));
}

async function round(size) {
  const taken = {};
  for (const [name, program] of Object.entries(programs)) taken[name] = await measureWith(program, { BENCH_ITEMS: String(size) });
  return taken;
}

async function faro({ folder, kubeconfig, items }) {
  const recording = join(folder, "output/recording");
  const program = startFaro({ folder, kubeconfig, flags: FLAGS, limitMs: LIMIT_MS });
  const { child, usage } = program;
  if (items === 0) await inStep(recording, 2, program);
  else await endOfRecording(recording, versionOf(items - 1), child, LIMIT_MS);
  await sleep(REST_MS);
  const heldMb = memoryMb(child.pid).now;
  child.kill("SIGINT");
  const used = await usage;
  await check(recording, items);
  return { ...used, heldMb };
}

function parse(run) {
  const env = { ...recorderEnv(run), BENCH_SERVER: run.server, NODE_EXTRA_CA_CERTS: run.ca };
  return startMeasured(programFile("peers", "list-parse.mjs"), [], { env, limitMs: LIMIT_MS }).usage;
}

/** @throws Error when the recording does not hold each pod once and as it was sent, but for the type that items of a list lack. */
async function check(recording, count) {
  const items = listItems();
  const seen = new Set();
  for await (const { line } of linesOfRecording(recording)) {
    const at = line.indexOf(OBJECT);
    if (at === -1) continue;
    const number = Number(/"resourceVersion":"(\d+)"/.exec(line.toString("latin1", at))?.[1]) - Number(versionOf(0));
    const sent = items.at(number);
    if (!line.subarray(-sent.length, -1).equals(sent.subarray(1)))
      throw new Error(`pod ${number} is not recorded as it was sent`);
    if (seen.has(number)) throw new Error(`pod ${number} is recorded twice`);
    seen.add(number);
  }
  if (seen.size !== count) throw new Error(`${seen.size} of ${count} pods are recorded`);
}
