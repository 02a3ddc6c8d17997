import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LiteralScan } from "./literal-scan.ts";

/** The same, found by looking for each literal. */
function find(literals: readonly string[], text: string, start: number, end: number): number {
  const found = literals.map((literal) => text.slice(0, end).indexOf(literal, start)).filter((at) => at !== -1);
  return found.length === 0 ? -1 : Math.min(...found);
}

test("finds what a search for each literal finds, whatever one has in common with another", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 3, maxLength: 6 });
  const texts = fc.string({ unit: fc.constantFrom("a", "b", "é"), minLength: 10, maxLength: 40 });
  let found = 0;
  fc.assert(
    fc.property(
      fc.uniqueArray(letters, { minLength: 1, maxLength: 6 }),
      texts,
      fc.nat(9),
      fc.nat(9),
      (literals, text, skip, cut) => {
        const bytes = Buffer.from(text, "latin1");
        const [start, end] = [skip, Math.max(skip, bytes.length - cut)];
        const expected = find(literals, text, start, end);
        if (expected !== -1) found++;
        expect(new LiteralScan(literals).find(bytes, start, end)).toBe(expected);
      },
    ),
    { numRuns: 5_000 },
  );
  expect(found).toBeGreaterThan(1_000);
});

test("takes no literal that could stand between two pairs", () => {
  expect(() => new LiteralScan(["abc", "ab"])).toThrow(RangeError);
});
