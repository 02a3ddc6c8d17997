import { assert, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { isoMs, isoTime } from "./clock.ts";

const BEGIN = Date.UTC(2026, 0, 1);

test("a time is written as Date writes it, whatever was written before", () => {
  // Less than the last moment that a Date has.
  const far = integer({ min: -8.64e15, max: 8.64e15 - 1 });
  const near = integer({ min: BEGIN - 200_000, max: BEGIN + 200_000 });
  for (const times of [far, near])
    assert(
      property(times, (ms) => {
        expect(isoTime(ms)).toBe(new Date(ms).toISOString());
        expect(isoTime(ms + 0.75)).toBe(new Date(ms + 0.75).toISOString());
      }),
      { numRuns: 1_000, examples: [[-1], [0], [59_999], [-60_000]] },
    );
  expect(() => isoTime(Number.NaN)).toThrow(RangeError);
});

test("a time is read as Date reads it, whatever was read or written before", () => {
  const times = [0, 1, 0, 59_999, 60_000].map((ms) => new Date(BEGIN + ms).toISOString());
  for (const text of times) {
    expect([isoMs(text), isoMs(text)]).toEqual([Date.parse(text), Date.parse(text)]);
    isoTime(BEGIN);
    expect(isoMs(text)).toBe(Date.parse(text));
  }
  expect(isoMs("no time")).toBeNaN();
});
