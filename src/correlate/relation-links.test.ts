import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { NamedRelation } from "../record/index.ts";
import { compareNamed, sharingNames } from "./relation-links.ts";

/** A version names nothing twice: one reference for each name, in any order. */
const version = fc.uniqueArray(fc.record({ name: fc.nat(9), uid: fc.constantFrom("old", "new") }), {
  selector: ({ name }) => name,
  maxLength: 10,
});

function named({ name, uid }: { readonly name: number; readonly uid: string }): NamedRelation {
  const proof = `endpoints[].targetRef.uid=${uid}`;
  return { relation: "lists", kind: "Pod", group: "", namespace: "default", name: `web-${name}`, uid, proof };
}

test("what is passed over at both ends changes nothing of what two versions differ in, in its order", () => {
  fc.assert(
    fc.property(version, version, (first, second) => {
      const [before, after] = [first.map(named), second.map(named)];
      const isIn = (all: readonly NamedRelation[], { name, uid }: NamedRelation): boolean =>
        all.some((other) => other.name === name && other.uid === uid);
      expect(compareNamed(before, after)).toEqual({
        gone: before.filter((one) => !isIn(after, one)),
        fresh: after.filter((one) => !isIn(before, one)),
      });
    }),
    { numRuns: 500 },
  );
});

test("what two statements name alike is kept once, and what differs stays as each says it", () => {
  const known = new Map<string, NamedRelation>();
  const of = (...names: readonly number[]) => ({
    named: names.map((name) => named({ name, uid: "old" })),
    selecting: [],
    aliases: [],
  });
  const [first, second] = [sharingNames(of(1), known), sharingNames(of(1), known)];
  const other = sharingNames(of(2), known);

  expect(second.named[0]).toBe(first.named[0]);
  expect(other).toEqual(of(2));
});
