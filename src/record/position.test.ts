import * as fc from "fast-check";
import { expect, test } from "vitest";
import { offsetOf, positionOf, segmentOf } from "./position.ts";

const segment = fc.integer({ min: 0, max: 2 ** 17 - 1 });
const offset = fc.integer({ min: 0, max: 2 ** 36 - 1 });

test("gives segment and offset back, up to the largest of both", () => {
  fc.assert(
    fc.property(segment, offset, (s, o) => {
      expect([segmentOf(positionOf(s, o)), offsetOf(positionOf(s, o))]).toEqual([s, o]);
      expect(Number.isSafeInteger(positionOf(s, o))).toBe(true);
    }),
  );
});

test("sorts in the order of writing", () => {
  fc.assert(
    fc.property(segment, offset, segment, offset, (s1, o1, s2, o2) => {
      const expected = s1 === s2 ? o1 - o2 : s1 - s2;
      expect(Math.sign(positionOf(s1, o1) - positionOf(s2, o2))).toBe(Math.sign(expected));
    }),
  );
});
