/** Why an object belongs to its stories, in words. Says nothing but what the graph holds, so it is the same in any order of arrival. */
import { type GraphNode, isHonoured, rootsOf } from "./graph-node.ts";

/**
 * For a node that belongs to a story. `owned by ReplicaSet/web-5d4f (uid 3f2a…)`; several reasons are joined by semicolons.
 */
export function proofOf(node: GraphNode): string {
  const edges = [
    ...node.owners.map((owner) => ({ words: "owned by", parent: owner, isValid: isHonoured(node, owner) })),
    ...node.formerOwners.map((owner) => ({ words: "was owned by", parent: owner, isValid: isHonoured(node, owner) })),
    ...node.subjects.map((subject) => ({ words: "about", parent: subject, isValid: true })),
  ];
  // The usual object: the one edge it has must be the one that leads to its story.
  const isPlain = edges.length === 1 && !node.isSelected;
  const proofs = edges
    .filter(({ parent, isValid }) => isPlain || (isValid && parent.isSeen && rootsOf(parent, "ever").length > 0))
    .map(({ words, parent }) => `${words} ${parent.kind}/${parent.name} (uid ${parent.uid})`);
  return proofs.length === 0 ? ["selected", ...unseenOwners(node)].join("; ") : proofs.join("; ");
}

/** Owners that nobody saw, and perhaps nobody may see: their uid is what their children have in common. */
function unseenOwners(node: GraphNode): string[] {
  return node.owners.flatMap(({ isSeen, kind, name, uid }) =>
    isSeen || kind === "" ? [] : [`owned by ${kind}/${name} (uid ${uid}), not seen`],
  );
}
