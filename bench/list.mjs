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
import { checkRecording } from "./check-recording.mjs";
import { versionOf } from "./corpus.mjs";
import { clientGo, measureWith, recorderEnv } from "./harness.mjs";
import { memoryMb, option, programFile, runPeer, startFaro } from "./processes.mjs";
import { endOfRecording, inStep } from "./recording-end.mjs";

const SIZES = option("sizes", "1000,10000,100000").split(",").map(Number);
const ROUNDS = Number(option("rounds", 1));
const FLAGS = ["--resource=v1/ConfigMap", "--related=pods", "--no-include-logs", "--metrics-port=0", "--log-level=error"];
const LIMIT_MS = 20 * 60_000;
/** Long enough for a collector to have had its turn. */
const REST_MS = 5_000;

const informer = clientGo();
const programs = { faro, parse, ...(informer && { client_go: (run) => informer(run) }) };
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

async function faro({ folder, kubeconfig, items, sent }) {
  const recording = join(folder, "output/recording");
  const program = startFaro({ folder, kubeconfig, flags: FLAGS, limitMs: LIMIT_MS });
  const { child, usage } = program;
  if (items === 0) await inStep(recording, 2, program);
  else await endOfRecording(recording, versionOf(items - 1), child, LIMIT_MS);
  await sleep(REST_MS);
  const heldMb = memoryMb(child.pid).now;
  child.kill("SIGINT");
  const used = await usage;
  await checkRecording(recording, sent);
  return { ...used, heldMb };
}

function parse(run) {
  const env = { ...recorderEnv(run), BENCH_SERVER: run.server, NODE_EXTRA_CA_CERTS: run.ca };
  return runPeer(programFile("peers", "list-parse.mjs"), env, { limitMs: LIMIT_MS });
}
