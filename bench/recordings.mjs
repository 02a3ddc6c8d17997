/**
 * What grows with a recording: the time until Faro records again after it was killed, with nothing kept but the recording and once
 * more, and until its stories are told anew; beside
 * reading all of it, copying it, and writing each line anew as JSON.
 *
 *   node bench/recordings.mjs [--sizes=0,1,100,1000] [--objects=1000]
 *
 * Prints a line of JSON for each size, in megabytes. Each object is a story. Needs Linux (`/proc`), and three times as much disk.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { measureWith } from "./harness.mjs";
import { cpuMs, FARO, inFolder, memoryMb, option, programFile, startFaro, startMeasured } from "./processes.mjs";
import { inStep } from "./recording-end.mjs";
import { recordedBytes, segmentsOf } from "./recording-lines.mjs";

const SIZES = option("sizes", "0,1,100,1000").split(",").map(Number);
const OBJECTS = option("objects", 1_000);
const FLAGS = ["--resource=v1/Pod", "--related=none", "--no-include-logs", "--metrics-port=0", "--log-level=error"];
const LIMIT_MS = 30 * 60_000;
/** A run that finds more than this keeps what it knows at once. */
const STATE_EVERY = 16e6;

for (const size of SIZES) {
  await inFolder(async (folder) => {
    const recording = join(folder, "output/recording");
    if (size > 0) {
      const words = [programFile("make-recording.mjs"), join(folder, "output"), String(size / 1_024), OBJECTS, "--killed"];
      spawnSync(process.execPath, words, { stdio: "inherit" });
    }
    const bytes = recordedBytes(recording);
    const report = { mb: Math.round(bytes / 1e6), load: loadavg()[0] };
    if (size > 0) {
      report.read = await peer(folder, "read");
      report.copy = await peer(folder, "copy");
      report.rewrite = await peer(folder, "rewrite");
      report.rebuild = await used(startMeasured(FARO, ["rebuild", join(folder, "output")], { limitMs: LIMIT_MS }));
    }
    report.recover = await recover(folder, segmentsOf(recording).length);
    // What the run before kept is found now, and what stands in front of it need not be read.
    if (size > 0) report.recover_again = await recover(folder, segmentsOf(recording).length);
    console.log(JSON.stringify(report));
  });
}

/** Wall and CPU milliseconds until the recording goes on, and memory then. What was there has to be there still. */
async function recover(folder, segments) {
  const recording = join(folder, "output/recording");
  const before = recordedBytes(recording);
  return await measureWith(async ({ kubeconfig }) => {
    const began = performance.now();
    const program = startFaro({ folder, kubeconfig, flags: FLAGS, limitMs: LIMIT_MS });
    await inStep(recording, 1, program, segments);
    const wall_ms = Math.round(performance.now() - began);
    const taken = { wall_ms, cpu_ms: cpuMs(program.child.pid), rss_mb: Math.round(memoryMb(program.child.pid).now) };
    if (before > STATE_EVERY) await stateKept(recording);
    program.child.kill("SIGKILL");
    await program.usage.catch(() => undefined);
    if (recordedBytes(recording) <= before) throw new Error("the recording has become shorter");
    return taken;
  }, {}).then(({ wall_ms, cpu_ms, rss_mb }) => ({ wall_ms, cpu_ms, rss_mb }));
}

/** Until what the run knows is there, and whole. */
async function stateKept(recording) {
  while (!readdirSync(recording).some((name) => name.startsWith("state-"))) await setTimeout(50);
  await setTimeout(3_000);
}

function peer(folder, task) {
  const file = join(folder, "copy");
  const done = used(
    startMeasured(programFile("peers", "read-recording.mjs"), [task, join(folder, "output/recording"), file], {
      limitMs: LIMIT_MS,
    }),
  );
  return done.finally(() => rmSync(file, { force: true }));
}

async function used({ usage }) {
  const began = performance.now();
  const { cpuMs: cpu, peakMb } = await usage;
  return { wall_ms: Math.round(performance.now() - began), cpu_ms: Math.round(cpu), peak_mb: Math.round(peakMb) };
}
