/** One server after the other is shut down and started again, as an upgrade of the control plane does it. */
import type { Clock } from "../base/index.ts";
import type { ServerControl } from "./lifecycle.ts";

export interface RollingRestartOptions {
  readonly clock: Clock;
  /** How long a server that shuts down answers 429; 0 unless given. */
  readonly drainMs?: number;
  /** How long it is down then; 5 000 unless given. */
  readonly downMs?: number;
  /** How long its watch cache takes to be filled; 0 unless given. */
  readonly initialisingMs?: number;
  /** Between one server and the next; 10 000 unless given. */
  readonly pauseMs?: number;
}

/** Resolves when the last server is ready again. */
export async function rollingRestart(servers: readonly ServerControl[], options: RollingRestartOptions): Promise<void> {
  const { clock, drainMs = 0, downMs = 5_000, initialisingMs = 0, pauseMs = 10_000 } = options;
  for (const [at, server] of servers.entries()) {
    if (at > 0) await clock.sleep(pauseMs);
    server.shutDown(drainMs);
    await clock.sleep(drainMs + downMs);
    await server.start(initialisingMs);
    await clock.sleep(initialisingMs);
  }
}
