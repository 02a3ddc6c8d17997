/** A part's own end, and the whole's. */
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { abortWith } from "./abort.ts";

test("a part ends with the whole, for its reason", () => {
  const whole = new AbortController();
  const part = abortWith(whole.signal);
  whole.abort(new Error("over"));
  expect(part.signal.reason).toEqual(new Error("over"));
  expect(abortWith(whole.signal).signal.aborted).toBe(true);
});

test("a part that has ended leaves nothing on the whole", () => {
  const whole = new AbortController();
  for (let parts = 0; parts < 100; parts++) abortWith(whole.signal).abort();
  expect(getEventListeners(whole.signal, "abort")).toEqual([]);
  expect(whole.signal.aborted).toBe(false);
});
