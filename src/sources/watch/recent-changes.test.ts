import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RecentChanges } from "./recent-changes.ts";
import { versionKey } from "./watch-item.ts";

const REMEMBERED = 4;

const steps = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      uid: fc.constantFrom("a", "b"),
      version: fc.constantFrom("1", "2", "9", "10", "11", "12", "x", "y"),
      isDeletion: fc.boolean(),
      isAsked: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant("another history" as const) },
);

test("the last changes are remembered, asked for or not, and what is newest was never seen", () => {
  let newest = 0;
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), (all) => {
      const changes = new RecentChanges(REMEMBERED);
      let seen = new Set<string>();
      let remembered: { key: string; version: string }[] = [];
      for (const step of all) {
        if (step === "another history") {
          changes.clear();
          [seen, remembered] = [new Set(), []];
          continue;
        }
        const { uid, version, isDeletion, isAsked } = step;
        const key = versionKey(uid, version, isDeletion);
        const isRemembered = remembered.some((each) => each.key === key);
        if (changes.isNewest(version)) {
          newest++;
          expect(seen.has(key)).toBe(false);
        } else if (isAsked || isRemembered) expect(changes.has(key)).toBe(isRemembered);
        if (isRemembered) continue;
        const forgotten = remembered.length === REMEMBERED ? remembered.shift() : undefined;
        expect(changes.add(uid, version, isDeletion)).toBe(forgotten?.version);
        remembered.push({ key, version });
        seen.add(key);
      }
    }),
    { numRuns: 2_000 },
  );
  expect(newest).toBeGreaterThan(2_000);
});

test("the first version of another history may be newer than any, however old it is", () => {
  const changes = new RecentChanges();
  changes.add("a", "100", false);
  expect(changes.isNewest("7")).toBe(false);
  changes.clear();
  expect(changes.isNewest("7")).toBe(true);
});
