/** Waiting for something, but not for ever. */
import type { Clock } from "./clock.ts";

export const TOO_LATE: unique symbol = Symbol("too late");

/** What `pending` gives, or `TOO_LATE` when that takes longer than `ms`. */
export async function within<T>(clock: Clock, ms: number, pending: Promise<T>): Promise<T | typeof TOO_LATE> {
  let cancel: () => void = () => {};
  const late = new Promise<typeof TOO_LATE>((resolve) => {
    cancel = clock.after(ms, () => resolve(TOO_LATE));
  });
  try {
    return await Promise.race([pending, late]);
  } finally {
    cancel();
  }
}
