/**
 * A watch that sends so many megabytes a second, whether or not they are read: Faro beside client-node, by turns.
 *
 *   node bench/held-rate.mjs [--rates=3,15,30,60] [--seconds=20] [--sink=MB_PER_SECOND]
 *
 * Prints a line of JSON for each rate: CPU of a core, how late the event loop was, memory, and the most that waited at the server for
 * its reader. With `--sink` Faro's disk takes no more than so much (`slow-disk.mjs`). A run of Faro counts only when its recording is whole.
 */
import { loadavg } from "node:os";
import { clientNode, faro, measureWith } from "./harness.mjs";
import { option, programFile } from "./processes.mjs";

const RATES = option("rates", "3,15,30,60").split(",").map(Number);
const SECONDS = Number(option("seconds", 20));
const SINK = option("sink", "");

process.env.BENCH_LOOP = "1";
for (const rate of RATES) {
  const settings = { BENCH_KIND: "pods", BENCH_RATE: String(rate), BENCH_MB: String(rate * SECONDS) };
  const report = { mb_per_s: rate, load: loadavg()[0] };
  report.faro = await measureWith((run) => held(run, faro({ ...run, ...slowDisk() })), settings);
  report.client_node = await measureWith((run) => held(run, clientNode(run)), settings);
  for (const name of ["faro", "client_node"]) report[name] = summary(report[name]);
  console.log(JSON.stringify(report));
}

function slowDisk() {
  if (SINK === "") return {};
  return { env: { BENCH_SINK: SINK }, node: ["--import", `file://${programFile("slow-disk.mjs")}`] };
}

async function held({ said }, program) {
  const [sent, usage] = await Promise.all([said(), program]);
  return { ...usage, ...sent };
}

function summary({ cpuMs, peakMb, loopP99Ms, loopMaxMs, waiting, seconds, wallMs }) {
  return {
    cpu_percent: Math.round(cpuMs / (seconds * 10)),
    loop_p99_ms: Math.round(loopP99Ms),
    loop_max_ms: Math.round(loopMaxMs),
    peak_mb: Math.round(peakMb),
    waiting_mb: Math.round(waiting / 1e5) / 10,
    seconds_sent: Math.round(seconds),
    seconds_all: Math.round(wallMs / 1_000),
  };
}
