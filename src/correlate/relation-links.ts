/** The relations of one object, as the graph keeps them, and which stories it was drawn into by them. */
import type { CorrelationId, NamedRelation, ObjectRelations, RelationType } from "../record/index.ts";
import type { GraphNode } from "./graph-node.ts";

/** One relation that holds now. */
export interface Edge {
  readonly relation: RelationType;
  readonly holder: GraphNode;
  readonly target: GraphNode;
  readonly proof: string;
}

/** Why an object is in a story: how many edges say so. */
interface Support {
  readonly story: CorrelationId;
  readonly words: string;
  count: number;
}

export interface Links {
  /** What the last version stated. */
  stated: ObjectRelations;
  labels: Readonly<Record<string, string>> | undefined;
  /** The namespace in which selectors may mean this object. */
  selectable: string | undefined;
  /** In their order; a set where they are many, as those of a Service. Changed by `addEdge` and `removeEdge`. */
  edges: readonly Edge[] | Set<Edge>;
  /** By relation and story; like `stories` undefined until there is one, as for most objects there never is. */
  supports: Map<string, Support> | undefined;
  /** How many supports each story has. */
  stories: Map<CorrelationId, number> | undefined;
}

export const NOTHING_STATED: ObjectRelations = { named: [], selecting: [], aliases: [] };

const NO_EDGES: readonly Edge[] = [];
/** Up to here a list that is made anew is smaller than a set and no slower. */
const FEW_EDGES = 8;

export function addEdge(links: Links, edge: Edge): void {
  const { edges } = links;
  if (edges instanceof Set) edges.add(edge);
  // `concat` leaves no room for more.
  else links.edges = edges.length < FEW_EDGES ? edges.concat([edge]) : new Set([...edges, edge]);
}

/** Whoever goes over the edges may remove the one at hand. */
export function removeEdge(links: Links, edge: Edge): void {
  const { edges } = links;
  if (edges instanceof Set) edges.delete(edge);
  else links.edges = edges.length === 1 && edges[0] === edge ? NO_EDGES : edges.filter((other) => other !== edge);
}

export function linksOf(node: GraphNode): Links {
  node.links ??= {
    stated: NOTHING_STATED,
    labels: undefined,
    selectable: undefined,
    edges: NO_EDGES,
    supports: undefined,
    stories: undefined,
  };
  return node.links;
}

/** Stories that the object was drawn into. */
export function drawnInto(node: GraphNode): Iterable<CorrelationId> {
  return node.links?.stories?.keys() ?? [];
}

/** True when two versions state the same. */
export function isSameStatement(a: ObjectRelations, b: ObjectRelations): boolean {
  if (a === b) return true;
  // Most versions state nothing: no functions are made for those.
  if (a.named.length + a.selecting.length + a.aliases.length === 0)
    return b.named.length + b.selecting.length + b.aliases.length === 0;
  return (
    a.named.length === b.named.length &&
    a.selecting.length === b.selecting.length &&
    a.aliases.length === b.aliases.length &&
    a.named.every((one, at) => isSameName(one, b.named[at])) &&
    a.selecting.every((one, at) => one.proof === b.selecting[at]?.proof) &&
    a.aliases.every((one, at) => one === b.aliases[at])
  );
}

/** What only the one and only the other of two versions names, each in its order. A version names nothing twice. */
export interface NamedDifference {
  readonly gone: readonly NamedRelation[];
  readonly fresh: readonly NamedRelation[];
}

/**
 * An EndpointSlice names a hundred pods and differs from its version before in one: what they have in common at both ends
 * is passed over before anything is looked up.
 */
export function compareNamed(before: readonly NamedRelation[], after: readonly NamedRelation[]): NamedDifference {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isSameAt(before, after, [start, start])) start++;
  let end = 0;
  while (end < shorter - start && isSameAt(before, after, [before.length - 1 - end, after.length - 1 - end])) end++;
  const [gone, fresh] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  return gone.length === 0 || fresh.length === 0 ? { gone, fresh } : { gone: without(gone, fresh), fresh: without(fresh, gone) };
}

/** Those of `all` that are not among `others`. */
function without(all: readonly NamedRelation[], others: readonly NamedRelation[]): readonly NamedRelation[] {
  const byName = new Map<string, NamedRelation[]>();
  for (const other of others) {
    const sameName = byName.get(other.name);
    if (sameName === undefined) byName.set(other.name, [other]);
    else sameName.push(other);
  }
  return all.filter((one) => byName.get(one.name)?.some((other) => isSameName(one, other)) !== true);
}

function isSameAt(
  a: readonly NamedRelation[],
  b: readonly NamedRelation[],
  [atA, atB]: readonly [atA: number, atB: number],
): boolean {
  const one = a[atA];
  return one !== undefined && isSameName(one, b[atB]);
}

export function isSameName(a: NamedRelation, b: NamedRelation | undefined): boolean {
  return (
    b !== undefined &&
    a.name === b.name &&
    a.relation === b.relation &&
    a.kind === b.kind &&
    a.group === b.group &&
    a.namespace === b.namespace &&
    a.uid === b.uid &&
    a.proof === b.proof
  );
}

/** Whether both may mean the same object, whatever the relation is. */
export function isSameTarget(a: NamedRelation, b: NamedRelation): boolean {
  return a.name === b.name && a.kind === b.kind && (a.namespace ?? "") === (b.namespace ?? "") && a.group === b.group;
}

export function isSameLabels(
  a: Readonly<Record<string, string>> | undefined,
  b: Readonly<Record<string, string>> | undefined,
): boolean {
  if (a === undefined || b === undefined) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
