/**
 * One object in the owner graph. There is one for every object that lives, so it is a flat and small thing; the
 * graph and the correlator change it, nothing outside this room sees it.
 */
import type { CorrelationId } from "../record/index.ts";
import type { Links } from "./relation-links.ts";

/** What is true of a node, in one number: six fields would be 40 bytes more for every object that lives. */
const SEEN = 1;
const SELECTED = 2;
const KUBE_EVENT = 4;
const LIVING = 8;
const WANTED = 16;
const FOLLOWED = 32;

/** What a node has of anything before it has some. */
export const NONE: readonly never[] = [];

/** Made as a bare node, of which only the uid is known. */
export class GraphNode {
  readonly uid: string;
  #facts = 0;
  apiVersion = "";
  kind = "";
  namespace: string | undefined = undefined;
  name = "";
  /** Arrival of its creation; minus infinity when it existed before the recording. */
  bornAt: number = -Infinity;
  deletedAt: number | undefined = undefined;
  owners: readonly GraphNode[] = NONE;
  formerOwners: readonly GraphNode[] = NONE;
  /** What a Kubernetes Event is about. */
  subjects: readonly GraphNode[] = NONE;
  /** Everything that has, or had, this object as a parent. */
  children: Set<GraphNode> | undefined = undefined;
  /** Log streams of a pod; the value says whether the stream is open. */
  streams: Map<string, boolean> | undefined = undefined;
  stories: readonly CorrelationId[] = NONE;
  /** The stories that go on while this object lives: those of its present owners. */
  keepsAlive: readonly CorrelationId[] = NONE;
  /** The proof in words that was written last. */
  proof = "";
  /** Relations beyond ownership; undefined for an object that has none. */
  links: Links | undefined = undefined;

  constructor(uid: string) {
    this.uid = uid;
  }

  /** False while only others named the uid. */
  get isSeen(): boolean {
    return this.#is(SEEN);
  }
  set isSeen(is: boolean) {
    this.#note(SEEN, is);
  }

  /** The selection chose it. Stays true when its labels change: a story does not end by a label. */
  get isSelected(): boolean {
    return this.#is(SELECTED);
  }
  set isSelected(is: boolean) {
    this.#note(SELECTED, is);
  }

  get isKubeEvent(): boolean {
    return this.#is(KUBE_EVENT);
  }
  set isKubeEvent(is: boolean) {
    this.#note(KUBE_EVENT, is);
  }

  /** It exists and can keep a story alive; a Kubernetes Event cannot. */
  get isLiving(): boolean {
    return this.#is(LIVING);
  }
  set isLiving(is: boolean) {
    this.#note(LIVING, is);
  }

  /** Its metadata were asked for, because another object names it as owner. */
  get isWanted(): boolean {
    return this.#is(WANTED);
  }
  set isWanted(is: boolean) {
    this.#note(WANTED, is);
  }

  /** Its logs were asked for. */
  get isFollowed(): boolean {
    return this.#is(FOLLOWED);
  }
  set isFollowed(is: boolean) {
    this.#note(FOLLOWED, is);
  }

  #is(fact: number): boolean {
    return (this.#facts & fact) !== 0;
  }

  #note(fact: number, is: boolean): void {
    this.#facts = is ? this.#facts | fact : this.#facts & ~fact;
  }
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
