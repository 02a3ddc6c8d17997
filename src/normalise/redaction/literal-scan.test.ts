import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LiteralScan } from "./literal-scan.ts";

/** The same, found by looking for each literal. */
function endOfFirst(literals: readonly string[], text: string): number {
  const ends = literals
    .map((literal) => text.indexOf(literal) + literal.length)
    .filter((_, at) => text.includes(literals[at] ?? ""));
  return ends.length === 0 ? -1 : Math.min(...ends);
}

test("finds what a search for each literal finds, whatever one has in common with another", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 5 });
  const texts = fc.string({ unit: fc.constantFrom("a", "b", "c", "é", "\u0000"), maxLength: 40 });
  fc.assert(
    fc.property(fc.uniqueArray(letters, { minLength: 1, maxLength: 6 }), texts, (literals, text) => {
      const bytes = Buffer.from(text, "latin1");
      expect(new LiteralScan(literals).endOfFirst(bytes, 0, bytes.length)).toBe(endOfFirst(literals, text));
    }),
    { numRuns: 3_000 },
  );
});

test("looks at nothing outside its bounds", () => {
  const scan = new LiteralScan(["abc"]);
  const bytes = Buffer.from("abcabc");
  expect(scan.endOfFirst(bytes, 1, 6)).toBe(6);
  expect(scan.endOfFirst(bytes, 1, 5)).toBe(-1);
  expect(scan.endOfFirst(bytes, 4, 6)).toBe(-1);
});
