/**
 * One object in the owner graph. There is one for every object that lives, so it is a flat thing of one shape; the
 * graph and the correlator change it, nothing outside this room sees it.
 */
import type { CorrelationId } from "../record/index.ts";
import type { Links } from "./relation-links.ts";

export interface GraphNode {
  readonly uid: string;
  /** False while only others named the uid. */
  isSeen: boolean;
  /** The selection chose it. Stays true when its labels change: a story does not end by a label. */
  isSelected: boolean;
  isKubeEvent: boolean;
  /** It exists and can keep a story alive; a Kubernetes Event cannot. */
  isLiving: boolean;
  /** Its metadata were asked for, because another object names it as owner. */
  isWanted: boolean;
  /** Its logs were asked for. */
  isFollowed: boolean;
  apiVersion: string;
  kind: string;
  namespace: string | undefined;
  name: string;
  /** Arrival of its creation; minus infinity when it existed before the recording. */
  bornAt: number;
  deletedAt: number | undefined;
  owners: readonly GraphNode[];
  formerOwners: readonly GraphNode[];
  /** What a Kubernetes Event is about. */
  subjects: readonly GraphNode[];
  /** Everything that has, or had, this object as a parent. */
  children: Set<GraphNode> | undefined;
  /** Log streams of a pod; the value says whether the stream is open. */
  streams: Map<string, boolean> | undefined;
  stories: readonly CorrelationId[];
  /** The stories that go on while this object lives: those of its present owners. */
  keepsAlive: readonly CorrelationId[];
  /** The proof in words that was written last. */
  proof: string;
  /** Relations beyond ownership; undefined for an object that has none. */
  links: Links | undefined;
}

/** What a node has of anything before it has some. */
export const NONE: readonly never[] = [];

/** A node of which only the uid is known. */
export function bareNode(uid: string): GraphNode {
  return {
    uid,
    isSeen: false,
    isSelected: false,
    isKubeEvent: false,
    isLiving: false,
    isWanted: false,
    isFollowed: false,
    apiVersion: "",
    kind: "",
    namespace: undefined,
    name: "",
    bornAt: -Infinity,
    deletedAt: undefined,
    owners: NONE,
    formerOwners: NONE,
    subjects: NONE,
    children: undefined,
    streams: undefined,
    stories: NONE,
    keepsAlive: NONE,
    proof: "",
    links: undefined,
  };
}

/** Which edges count: those of now, or all that ever were. */
export type Edges = "now" | "ever";

/** Owners and subjects of a node along edges that Kubernetes honours. */
export function parentsOf(node: GraphNode, edges: Edges): readonly GraphNode[] {
  if (node.subjects.length === 0 && node.formerOwners.length === 0) {
    return node.owners.every((owner) => isHonoured(node, owner))
      ? node.owners
      : node.owners.filter((owner) => isHonoured(node, owner));
  }
  const owners = edges === "now" ? node.owners : [...node.owners, ...node.formerOwners];
  return [...owners.filter((owner) => isHonoured(node, owner)), ...node.subjects];
}

/** An owner is in the child's namespace or in none (kubernetes `garbagecollector`, "OwnerRefInvalidNamespace"). */
export function isHonoured(child: GraphNode, owner: GraphNode): boolean {
  return !owner.isSeen || owner.namespace === undefined || owner.namespace === child.namespace;
}

/** The node and everything above it, nearest first. Ends although owners may form a circle. */
export function lineage(node: GraphNode, edges: Edges): ReadonlySet<GraphNode> {
  const found = new Set([node]);
  for (const each of found) for (const parent of parentsOf(each, edges)) found.add(parent);
  return found;
}

/**
 * The roots that a node belongs to: the selected objects above it, itself included, that have no selected object
 * above them. Of a circle of owners the one with the smallest uid counts as the topmost.
 */
export function rootsOf(node: GraphNode, edges: Edges): readonly GraphNode[] {
  const selected = [...lineage(node, edges)].filter((each) => each.isSelected);
  if (selected.length <= 1) return selected;
  const above = new Map(selected.map((each) => [each, lineage(each, edges)]));
  const isBelow = (each: GraphNode, other: GraphNode): boolean => {
    if (each === other || above.get(each)?.has(other) !== true) return false;
    return above.get(other)?.has(each) !== true || other.uid < each.uid;
  };
  return selected.filter((each) => !selected.some((other) => isBelow(each, other))).sort((a, b) => (a.uid < b.uid ? -1 : 1));
}
