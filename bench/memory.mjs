/**
 * How much memory a rollout takes: the greatest resident memory of Faro while all pods of a Deployment are replaced and deleted, and
 * until its story is written.
 *
 *   node bench/memory.mjs [--pods=1000] [--rate=300]
 *
 * Prints a line of JSON. Needs Linux (`/proc`).
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { inFolder, memoryMb, option, startFaro, startServer } from "./processes.mjs";
import { quiet } from "./recording-end.mjs";
import { recordedBytes } from "./recording-lines.mjs";

const FLAGS = ["--resource=apps/v1/Deployment", "--name=many", "--no-include-logs", "--metrics-port=0", "--log-level=error"];
const LIMIT_MS = 60 * 60_000;

await inFolder(async (folder) => {
  const output = join(folder, "output");
  const server = startServer("memory-server.mjs", { BENCH_PODS: option("pods", 1_000), BENCH_RATE: option("rate", 300) });
  const { port } = await server.said();
  const { child, usage } = startFaro({ folder, server: `http://127.0.0.1:${port}`, flags: FLAGS, limitMs: LIMIT_MS });
  const done = await server.said();
  await quiet(join(output, "recording"));
  const peak = memoryMb(child.pid).peak;
  child.kill("SIGINT");
  const { peakMb, code } = await usage;
  if (code !== 0) throw new Error(`faro ended with ${code}`);
  const story = readdirSync(output).find((name) => name.startsWith("deployment-") && name.endsWith(".json"));
  console.log(
    JSON.stringify({
      ...done,
      recording_mb: Math.round(recordedBytes(join(output, "recording")) / 1e6),
      story_mb: Math.round(statSync(join(output, story)).size / 1e6),
      peak_while_recording_mb: Math.round(peak),
      peak_mb: Math.round(peakMb),
    }),
  );
});
