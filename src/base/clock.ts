/**
 * Time and chance, the only way to either in the whole code base: tests put a virtual clock in its place.
 */

export interface Clock {
  /** Wall clock, milliseconds since 1970 UTC. May step backwards. */
  now(): number;
  /** Milliseconds from an arbitrary start that never step backwards, with fractions. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back once after `ms`. The returned function cancels it. The timer never keeps the process alive. */
  after(ms: number, call: () => void): () => void;
  /** A number from 0 (included) to 1 (excluded). */
  random(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(ms, signal) {
    // Unlike `after`, a sleep keeps the process alive.
    const start: Clock["after"] = (wait, call) => {
      const timer = setTimeout(call, wait);
      return () => clearTimeout(timer);
    };
    return sleepAfter(start, ms, signal);
  },
  after(ms, call) {
    const timer = setTimeout(call, ms);
    timer.unref();
    return () => {
      // Node keeps the empty list of an unreferenced timer until it would have been due (`timers.js unenroll`).
      timer.ref();
      clearTimeout(timer);
    };
  },
  random: () => Math.random(),
};

/** Resolves in the next turn of the event loop: what else waits for one has it first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

let lastTime: { readonly ms: number; readonly text: string; readonly written: number } = {
  ms: 0,
  text: new Date(0).toISOString(),
  written: 0,
};
let lastRead: { readonly text: string; readonly ms: number } = { text: "", ms: Number.NaN };
let lastMinute: { readonly number: number; readonly text: string } = { number: Number.NaN, text: "" };

const MINUTE_MS = 60_000;

/** ISO text in UTC with milliseconds, as every file of Faro writes a time. */
export function isoTime(ms: number): string {
  // Several records of one millisecond, and several times of one record, share their text.
  if (ms !== lastTime.ms) {
    const written = Math.trunc(ms);
    lastTime = { ms, text: minuteText(Math.floor(written / MINUTE_MS)) + secondsText(written), written };
  }
  return lastTime.text;
}

/** Up to the seconds: what has that in common with the time before is most of what making a text takes. */
function minuteText(number: number): string {
  if (number !== lastMinute.number) lastMinute = { number, text: new Date(number * MINUTE_MS).toISOString().slice(0, -SECONDS) };
  return lastMinute.text;
}

const SECONDS = "00.000Z".length;

function secondsText(ms: number): string {
  const rest = ((ms % MINUTE_MS) + MINUTE_MS) % MINUTE_MS;
  const digits = String(100_000 + rest);
  return `${digits.slice(1, 3)}.${digits.slice(3)}Z`;
}

/** Milliseconds since 1970 of a text that `isoTime` made; most often that of the record at hand, which is asked for by half a dozen. */
export function isoMs(text: string): number {
  if (text === lastTime.text) return lastTime.written;
  if (text !== lastRead.text) lastRead = { text, ms: Date.parse(text) };
  return lastRead.ms;
}

/** A sleep that ends early, and without an error, when `signal` aborts. */
export async function pause(clock: Pick<Clock, "sleep">, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

const LOOK_MS = 50;

/** Resolves when `isSo` is no longer true, which is looked at now and then, or after `ms`. Throws as `Clock.sleep` when `signal` aborts. */
export async function whileSo(
  clock: Pick<Clock, "monotonic" | "sleep">,
  ms: number,
  isSo: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  for (const until = clock.monotonic() + ms; isSo() && clock.monotonic() < until;) await clock.sleep(LOOK_MS, signal);
}

/** `Clock.sleep` made of `Clock.after`. */
export function sleepAfter(after: Clock["after"], ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(toError(signal?.reason));
    if (signal?.aborted === true) return fail();
    const cancel = after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    const onAbort = (): void => {
      cancel();
      fail();
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("aborted", { cause: reason });
}
