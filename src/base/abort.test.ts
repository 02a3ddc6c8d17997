/** A part's own end, and the whole's. */
import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { abortWith } from "./abort.ts";

async function collectGarbage(): Promise<void> {
  // What a WeakRef was asked for lives until the turn is over.
  await turn();
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
}

test("a part ends with the whole, for its reason", () => {
  const whole = new AbortController();
  const part = abortWith(whole.signal);
  whole.abort(new Error("over"));
  expect(part.signal.reason).toEqual(new Error("over"));
  expect(abortWith(whole.signal).signal.aborted).toBe(true);
});

test("parts of a part end with it, each once, and one that has ended before does not hear of it", () => {
  const whole = new AbortController();
  const part = abortWith(whole.signal);
  const others = [abortWith(part.signal), abortWith(part.signal), abortWith(whole.signal)];
  const heard: unknown[] = [];
  for (const { signal } of others) signal.addEventListener("abort", () => heard.push(signal.reason));
  others[1]?.abort("early");
  part.abort("part");
  whole.abort("whole");
  expect(heard).toEqual(["early", "part", "whole"]);
});

test("parts that have ended leave nothing on the whole, and however many live, it has one listener", async () => {
  const whole = new AbortController();
  const ended: WeakRef<AbortController>[] = [];
  for (let each = 0; each < 100; each++) {
    const part = abortWith(whole.signal);
    ended.push(new WeakRef(part));
    part.abort();
  }
  const living = Array.from({ length: 10 }, () => abortWith(whole.signal));
  expect(getEventListeners(whole.signal, "abort")).toHaveLength(1);
  await collectGarbage();
  // The last one may stand on the stack still.
  expect(ended.filter((part) => part.deref() !== undefined).length).toBeLessThanOrEqual(1);
  expect(living.map(({ signal }) => signal.aborted)).toEqual(living.map(() => false));
});
