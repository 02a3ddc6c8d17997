/** Once a minute: how fast, how many, how big. */
import type { Clock } from "../base/index.ts";
import type { Log } from "./log.ts";

export interface Statistics {
  /** Events processed since the start. */
  readonly events: number;
  readonly activeCorrelations: number;
  /** Resident memory, bytes. */
  readonly memoryBytes: number;
}

const MINUTE_MS = 60_000;
const MEBIBYTE = 2 ** 20;

/** Logs one line a minute until `signal` aborts. */
export async function logStatistics(clock: Clock, log: Log, read: () => Statistics, signal: AbortSignal): Promise<void> {
  let before = read().events;
  let since = clock.monotonic();
  while (!signal.aborted) {
    await clock.sleep(MINUTE_MS, signal);
    const { events, activeCorrelations, memoryBytes } = read();
    const now = clock.monotonic();
    const perMinute = Math.round(((events - before) * MINUTE_MS) / (now - since));
    log.info("statistics", {
      events_per_minute: perMinute,
      events,
      active_correlations: activeCorrelations,
      memory_mib: Math.round(memoryBytes / MEBIBYTE),
    });
    before = events;
    since = now;
  }
}
