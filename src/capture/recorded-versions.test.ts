import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type RecordedVersion, RecordedVersions } from "./recorded-versions.ts";

const steps = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      uid: fc.constantFrom("a", "b"),
      resourceVersion: fc.constantFrom("1", "9", "10", "11", "x"),
      isDeleted: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ behind: fc.nat({ max: 9 }), mark: fc.constantFrom(undefined, "1", "9", "10", "11") }),
  },
);

test("versions are kept that no checkpoint covers, whether its place is behind their seq or their version", () => {
  let dropped = 0;
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (all) => {
      const versions = new RecordedVersions();
      let expected: RecordedVersion[] = [];
      for (const [seq, step] of all.entries()) {
        if ("mark" in step) {
          const { behind, mark } = step;
          const before = expected.length;
          expected = expected.filter(
            (each) =>
              each.seq > seq - behind ||
              (mark !== undefined && /^\d+$/.test(each.resourceVersion) && Number(each.resourceVersion) > Number(mark)),
          );
          dropped += before - expected.length;
          versions.keepAbove(seq - behind, mark);
        } else {
          versions.push(seq, step.uid, step.resourceVersion, step.isDeleted);
          expected.push({ seq, ...step });
        }
        expect([...versions]).toEqual(expected);
        expect([...new RecordedVersions(versions)]).toEqual(expected);
      }
    }),
    { numRuns: 1_000 },
  );
  expect(dropped).toBeGreaterThan(100);
});
