import * as fc from "fast-check";
import { expect, test } from "vitest";
import { unchanged } from "./unchanged.ts";

const members = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom<unknown>(1, 2, "1", null));
const lists = fc.array(fc.constantFrom<unknown>(1, 2, "1"), { maxLength: 3 });

test("the earlier of two equal values stays, and no other", () => {
  for (const values of [members, lists]) {
    let same = 0;
    fc.assert(
      fc.property(values, values, (before: object, now: object) => {
        const isSame = JSON.stringify(sorted(before)) === JSON.stringify(sorted(now));
        if (isSame) same++;
        expect(unchanged(before, now)).toBe(isSame ? before : now);
      }),
      { numRuns: 2_000 },
    );
    expect(same).toBeGreaterThan(20);
  }
});

test("what was not there before is new", () => {
  const now = {};
  expect(unchanged(undefined, now)).toBe(now);
});

function sorted(value: object): unknown {
  return Array.isArray(value) ? value : Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
