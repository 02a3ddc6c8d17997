import * as fc from "fast-check";
import { expect, test } from "vitest";
import { PackedNumbers } from "./packed-numbers.ts";

test("numbers come back as they were added, whatever their page is packed into", () => {
  const page = fc.constantFrom(1, 200, 60_000, 4_000_000_000, 2 ** 52, 0.1, Number.NaN);
  fc.assert(
    fc.property(fc.array(page, { minLength: 1, maxLength: 4 }), fc.nat(5_000), (spreads, rest) => {
      const numbers = new PackedNumbers();
      const added = Array.from({ length: spreads.length * 4_096 + rest }, (_, at) => {
        const spread = spreads[Math.floor(at / 4_096)] ?? 7;
        return spread === 0.1 ? at * spread : 1e12 + ((at * 7_919) % 97) * Math.floor(spread / 97);
      });
      for (const number of added) numbers.push(number);
      expect(numbers.length).toBe(added.length);
      expect([...numbers].findIndex((number, at) => !Object.is(number, added[at]))).toBe(-1);
    }),
    { numRuns: 20 },
  );
});
