import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { NamedRelation } from "../record/index.ts";
import { addEdge, compareNamed, type Edge, type Links, NOTHING_STATED, removeEdge } from "./relation-links.ts";
import { GraphNode } from "./graph-node.ts";

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

test("edges are kept in their order and removed one by one, few or many", () => {
  const nodes = [new GraphNode("holder"), new GraphNode("target")] as const;
  const edges = Array.from({ length: 12 }, (_, at): Edge => {
    return { relation: "uses", holder: nodes[0], target: nodes[1], proof: `spec.field=${at}` };
  });
  fc.assert(
    fc.property(fc.array(fc.nat(11), { maxLength: 60 }), (turns) => {
      const links: Links = {
        stated: NOTHING_STATED,
        labels: undefined,
        selectable: undefined,
        edges: [],
        supports: undefined,
        stories: undefined,
      };
      const expected = new Set<Edge>();
      for (const edge of turns.flatMap((at) => edges[at] ?? [])) {
        if (expected.delete(edge)) removeEdge(links, edge);
        else {
          expected.add(edge);
          addEdge(links, edge);
        }
        expect([...links.edges]).toEqual([...expected]);
      }
    }),
  );
});
