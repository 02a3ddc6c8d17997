/**
 * Preloaded into a measured program: tells its CPU time and peak memory on descriptor 3 when it ends, and ends it when whoever
 * started it is gone, so that nothing is left running behind a benchmark that was killed.
 */
import { writeSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const LOOP_MS = 2;

/**
 * With BENCH_LOOP also how late the event loop was, in milliseconds: what it takes to look is measured too. A message is answered with
 * how late it was since the last one.
 */
const loop = process.env.BENCH_LOOP === undefined ? undefined : monitorEventLoopDelay({ resolution: LOOP_MS });
loop?.enable();

const lateness = () => loop && { loopP99Ms: loop.percentile(99) / 1e6 - LOOP_MS, loopMaxMs: loop.max / 1e6 - LOOP_MS };

process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  writeSync(3, JSON.stringify({ cpuMs: (user + system) / 1000, peakMb: process.resourceUsage().maxRSS / 1024, ...lateness() }));
});
if (loop !== undefined)
  process.on("message", () => {
    process.send(lateness());
    loop.reset();
  });
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
// The channel is there for its end alone, and must not keep the program alive.
process.channel?.unref();
