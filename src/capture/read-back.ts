/** What becomes of a gap that is being read back when the recorder stops. */
import type { Clock } from "../base/index.ts";

const READ_MS = 2_000;
/** What was found by then has to be told. */
const TOLD_MS = 1_000;
const POLL_MS = 50;

/** Waits until it has been read back, for two seconds; then `hurry` ends the reading, and what was found closes the gap. */
export async function untilReadBack(gap: {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly isReadBack: () => boolean;
  readonly hurry: AbortController | undefined;
}): Promise<void> {
  const { clock, signal, isReadBack, hurry } = gap;
  const wait = async (ms: number): Promise<void> => {
    for (const until = clock.monotonic() + ms; isReadBack() && clock.monotonic() < until;) await clock.sleep(POLL_MS, signal);
  };
  await wait(READ_MS);
  if (!isReadBack()) return;
  hurry?.abort(new Error("the recorder stops"));
  await wait(TOLD_MS);
}
