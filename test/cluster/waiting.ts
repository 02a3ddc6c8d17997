/** Waiting for what a real cluster does in its own time. */
import { systemClock } from "../../src/base/index.ts";

/** Asks until `question` gives something other than `undefined` or false, and returns it. Throws after `limitMs`, naming `what`. */
export async function until<T>(
  what: string,
  limitMs: number,
  question: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = systemClock.monotonic() + limitMs;
  for (;;) {
    const answer = await question();
    if (answer !== undefined && answer !== false) return answer;
    if (systemClock.monotonic() > end) throw new Error(`${what}: not within ${limitMs / 1000} s`);
    await systemClock.sleep(200);
  }
}
