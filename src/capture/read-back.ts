/** What becomes of a gap that is being read back when the recorder stops. */
import { type Clock, whileSo } from "../base/index.ts";

const READ_MS = 2_000;
/** What was found by then has to be told. */
const TOLD_MS = 1_000;

/** Waits until it has been read back, for two seconds; then `hurry` ends the reading, and what was found closes the gap. */
export async function untilReadBack(gap: {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly isReadBack: () => boolean;
  readonly hurry: AbortController | undefined;
}): Promise<void> {
  const { clock, signal, isReadBack, hurry } = gap;
  await whileSo(clock, READ_MS, isReadBack, signal);
  if (!isReadBack()) return;
  hurry?.abort(new Error("the recorder stops"));
  await whileSo(clock, TOLD_MS, isReadBack, signal);
}
