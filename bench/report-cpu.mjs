/**
 * Preloaded into a measured program: tells its CPU time and peak memory on descriptor 3 when it ends, and ends it when whoever
 * started it is gone, so that nothing is left running behind a benchmark that was killed.
 */
import { writeSync } from "node:fs";

process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  writeSync(3, JSON.stringify({ cpuMs: (user + system) / 1000, peakMb: process.resourceUsage().maxRSS / 1024 }));
});
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
// The channel is there for its end alone, and must not keep the program alive.
process.channel?.unref();
