/**
 * Relations over time: who names whom, and whom a selector means, as edges that hold from the version that states them to
 * the one that no longer does. Edges draw objects into stories by `RELATION_RULES`; this class counts how many do, and
 * says when the first one begins and the last one ends. Names are matched to whoever bears them now, so an object that
 * is made anew under the same name is a target of its own, and an object that does not exist yet is waited for.
 */
import { LongList } from "../base/index.ts";
import { type CorrelationId, type NamedRelation, type ObjectRelations, referenceKey } from "../record/index.ts";
import type { GraphNode } from "./graph-node.ts";
import type { GraphReader, GraphWriter, SetRows } from "./graph-state.ts";
import {
  addEdge,
  compareNamed,
  drawnInto,
  type Edge,
  isSameLabels,
  isSameStatement,
  isSameTarget,
  linksOf,
  NOTHING_STATED,
  removeEdge,
} from "./relation-links.ts";
import { type Draws, RELATION_RULES } from "./relation-rules.ts";
import { matchesSelector } from "./selector.ts";
import { Siblings } from "./siblings.ts";
import type { CorrelationRecord, Want } from "./types.ts";

/** Kinds that create pods: a quota shows in what they could not create. */
const CREATES_PODS: ReadonlySet<string> = new Set(["ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController"]);

/** Where to put what follows from a record. */
export interface RelationFindings {
  readonly records: CorrelationRecord[];
  readonly wants: Want[];
}

/** What the graph of owners knows, as far as it is needed here. */
export interface Bearers {
  /** Living objects of that kind, place and name. */
  living(kind: string, group: string, namespace: string | undefined, name: string): readonly GraphNode[];
}

export interface RelationGraphState {
  readonly waiting: SetRows;
  readonly aliases: SetRows;
  readonly selectors: SetRows;
  readonly selectable: SetRows;
  readonly wanted: Iterable<string>;
}

export class RelationGraph {
  readonly #bearers: Bearers;
  /** Holders by what they name. */
  readonly #waiting = new Map<string, Set<GraphNode>>();
  /** Objects by the further names that they offer. */
  readonly #aliases = new Map<string, Set<GraphNode>>();
  /** By namespace: who selects, and who can be selected. */
  readonly #selectors = new Map<string, Set<GraphNode>>();
  readonly #selectable = new Map<string, Set<GraphNode>>();
  readonly #wanted = new Set<string>();
  /** Of pods, by owner. */
  readonly #siblings = new WeakMap<GraphNode, Siblings>();
  #findings: RelationFindings = { records: [], wants: [] };

  constructor(bearers: Bearers) {
    this.#bearers = bearers;
  }

  /** Takes a version. `isFirst`: the object was not seen before, so others may have waited for it. */
  see(
    node: GraphNode,
    version: {
      readonly stated: ObjectRelations;
      readonly labels: Readonly<Record<string, string>> | undefined;
      readonly isFirst: boolean;
    },
    findings: RelationFindings,
  ): void {
    this.#findings = findings;
    if (node.deletedAt !== undefined) {
      this.#end(node);
      return;
    }
    this.#restate(node, version.stated);
    if (version.isFirst) this.#meetWaiting(node);
    this.#relabel(node, version.labels);
  }

  /** The stories that the object belongs to by ownership changed. To be called after they were set. */
  moved(node: GraphNode, before: readonly CorrelationId[], findings: RelationFindings): void {
    this.#findings = findings;
    const { links } = node;
    if (links === undefined) return;
    const lost = before.filter((story) => !node.stories.includes(story));
    const gained = node.stories.filter((story) => !before.includes(story));
    for (const edge of links.edges) {
      for (const story of gained) this.#draw(edge, node, { story, as: "owned", by: 1 });
      for (const story of lost) this.#draw(edge, node, { story, as: "owned", by: -1 });
    }
    if (gained.length > 0) this.#wantNamed(node);
  }

  /** A Kubernetes Event is about other objects than before: it belongs to the stories that they were drawn into. */
  turned(
    event: GraphNode,
    subjects: { readonly gained: readonly GraphNode[]; readonly lost: readonly GraphNode[] },
    findings: RelationFindings,
  ): void {
    this.#findings = findings;
    for (const subject of subjects.gained) {
      for (const story of drawnInto(subject)) this.#support(event, { story, ...aboutOf(subject), by: 1 });
    }
    for (const subject of subjects.lost) {
      for (const story of drawnInto(subject)) this.#support(event, { story, ...aboutOf(subject), by: -1 });
    }
  }

  /** What siblings have in common is found again with their next versions. */
  state(nodes: GraphWriter): RelationGraphState {
    return {
      waiting: nodes.sets(this.#waiting),
      aliases: nodes.sets(this.#aliases),
      selectors: nodes.sets(this.#selectors),
      selectable: nodes.sets(this.#selectable),
      wanted: new LongList(this.#wanted),
    };
  }

  restore(state: RelationGraphState, nodes: GraphReader): void {
    for (const [key, holders] of nodes.sets(state.waiting)) this.#waiting.set(key, holders);
    for (const [key, holders] of nodes.sets(state.aliases)) this.#aliases.set(key, holders);
    for (const [key, holders] of nodes.sets(state.selectors)) this.#selectors.set(key, holders);
    for (const [key, holders] of nodes.sets(state.selectable)) this.#selectable.set(key, holders);
    for (const key of state.wanted) this.#wanted.add(key);
  }

  // --- what a version states ------------------------------------------------------------------------

  #restate(node: GraphNode, stated: ObjectRelations): void {
    const before = node.links?.stated ?? NOTHING_STATED;
    if (isSameStatement(before, stated)) return;
    const links = linksOf(node);
    links.stated = this.#siblingsOf(node)?.statement(stated) ?? stated;
    const { gone, fresh } = compareNamed(before.named, stated.named);
    for (const one of gone) this.#unname(node, one);
    for (const one of fresh) this.#name(node, one);
    for (const alias of before.aliases) if (!stated.aliases.includes(alias)) remove(this.#aliases, alias, node);
    for (const alias of stated.aliases) if (!before.aliases.includes(alias)) this.#offer(node, alias);
    this.#reselect(node, before);
    // What the version before named was asked for then, or when the object joined its story.
    if (node.stories.length > 0 || (links.stories?.size ?? 0) > 0) this.#wantNamed(node, fresh);
  }

  #siblingsOf(node: GraphNode): Siblings | undefined {
    const [owner] = node.owners;
    if (owner === undefined || !isPod(node)) return undefined;
    const known = this.#siblings.get(owner) ?? new Siblings();
    this.#siblings.set(owner, known);
    return known;
  }

  #name(holder: GraphNode, named: NamedRelation): void {
    const key = keyOf(named);
    put(this.#waiting, key, holder);
    const { kind, group, namespace, name } = named;
    const targets = [...this.#bearers.living(kind, group, namespace, name), ...(this.#aliases.get(key) ?? [])];
    for (const target of targets) this.#connect(holder, target, named);
  }

  #unname(holder: GraphNode, named: NamedRelation): void {
    const isStillNamed = holder.links?.stated.named.some((one) => isSameTarget(one, named)) ?? false;
    if (!isStillNamed) remove(this.#waiting, keyOf(named), holder);
    for (const edge of holder.links?.edges ?? []) {
      const isMeant = edge.holder === holder && edge.relation === named.relation && edge.proof === named.proof;
      if (isMeant) this.#disconnect(edge);
    }
  }

  #offer(node: GraphNode, alias: string): void {
    put(this.#aliases, alias, node);
    this.#meet(alias, node);
  }

  #meetWaiting(node: GraphNode): void {
    if (this.#waiting.size > 0) this.#meet(referenceKey(node.kind, groupOf(node.apiVersion), node.namespace, node.name), node);
  }

  #meet(key: string, target: GraphNode): void {
    for (const holder of this.#waiting.get(key) ?? []) {
      for (const named of holder.links?.stated.named ?? []) {
        // Of the hundred names in an EndpointSlice one is meant: the others need no key to be told apart.
        if (key.endsWith(named.name) && keyOf(named) === key) this.#connect(holder, target, named);
      }
    }
  }

  // --- selectors ------------------------------------------------------------------------------------

  #reselect(holder: GraphNode, before: ObjectRelations): void {
    const { namespace } = holder;
    if (namespace === undefined) return;
    const selecting = holder.links?.stated.selecting ?? [];
    const isSame =
      before.selecting.length === selecting.length && selecting.every((one, at) => one.proof === before.selecting[at]?.proof);
    if (isSame) return;
    for (const edge of holder.links?.edges ?? []) if (edge.holder === holder && isSelecting(edge)) this.#disconnect(edge);
    if (selecting.length === 0) remove(this.#selectors, namespace, holder);
    else put(this.#selectors, namespace, holder);
    for (const target of this.#selectable.get(namespace) ?? []) this.#select(holder, target);
  }

  #relabel(node: GraphNode, labels: Readonly<Record<string, string>> | undefined): void {
    if (node.namespace === undefined || !canBeSelected(node)) return;
    const links = linksOf(node);
    const isNew = links.selectable === undefined;
    if (!isNew && isSameLabels(links.labels, labels)) return;
    links.labels = labels === undefined ? undefined : (this.#siblingsOf(node)?.labels(labels) ?? labels);
    links.selectable = node.namespace;
    if (isNew) put(this.#selectable, node.namespace, node);
    else
      for (const edge of links.edges) if (edge.target === node && edge.relation === "selects") this.#disconnectUnselected(edge);
    for (const holder of this.#selectors.get(node.namespace) ?? []) this.#select(holder, node);
  }

  #select(holder: GraphNode, target: GraphNode): void {
    for (const selecting of holder.links?.stated.selecting ?? []) {
      const isMeant =
        selecting.relation === "limits"
          ? CREATES_PODS.has(target.kind) || target.owners.length === 0
          : isPod(target) && matchesSelector(selecting.terms, target.links?.labels ?? {});
      const edge = { relation: selecting.relation, proof: selecting.proof };
      if (isMeant && !isConnected(holder, target, edge)) this.#connect(holder, target, edge);
    }
  }

  #disconnectUnselected(edge: Edge): void {
    const holds = edge.holder.links?.stated.selecting.some(
      ({ proof, terms }) => proof === edge.proof && matchesSelector(terms, edge.target.links?.labels ?? {}),
    );
    if (holds !== true) this.#disconnect(edge);
  }

  // --- edges ----------------------------------------------------------------------------------------

  #connect(holder: GraphNode, target: GraphNode, how: Pick<Edge, "relation" | "proof"> & { readonly uid?: string }): void {
    if (holder === target || target.deletedAt !== undefined) return;
    if (how.uid !== undefined && how.uid !== target.uid) return;
    const edge: Edge = { holder, target, relation: how.relation, proof: how.proof };
    addEdge(linksOf(holder), edge);
    addEdge(linksOf(target), edge);
    this.#drawAll(edge, 1);
  }

  #disconnect(edge: Edge): void {
    for (const { links } of [edge.holder, edge.target]) if (links !== undefined) removeEdge(links, edge);
    this.#drawAll(edge, -1);
  }

  #drawAll(edge: Edge, by: 1 | -1): void {
    for (const end of [edge.holder, edge.target]) {
      for (const story of end.stories) this.#draw(edge, end, { story, as: "owned", by });
      for (const story of drawnInto(end)) this.#draw(edge, end, { story, as: "any", by });
    }
  }

  /** `from` belongs to the story: what is at the other end of the edge may be drawn in, or let go. */
  #draw(edge: Edge, from: GraphNode, { story, as, by }: { story: CorrelationId; as: Draws; by: 1 | -1 }): void {
    const rule = RELATION_RULES[edge.relation];
    const pull = from === edge.holder ? rule.target : rule.holder;
    if (pull === undefined || (as === "any" && pull.when !== "any")) return;
    const other = from === edge.holder ? edge.target : edge.holder;
    const words = `${pull.words} ${from.kind}/${from.name} (${edge.proof})`;
    this.#support(other, { story, key: `${edge.relation} ${pull.words}`, words, by });
  }

  #support(node: GraphNode, { story, key, words, by }: { story: CorrelationId; key: string; words: string; by: 1 | -1 }): void {
    const links = linksOf(node);
    const supports = (links.supports ??= new Map());
    const stories = (links.stories ??= new Map());
    const at = `${key} ${story}`;
    const support = supports.get(at) ?? { story, words, count: 0 };
    support.count += by;
    if (support.count === 0) supports.delete(at);
    else supports.set(at, support);
    const isTurn = by === 1 ? support.count === 1 : support.count === 0;
    if (!isTurn) return;
    const state = by === 1 ? "began" : "ended";
    this.#findings.records.push({ type: "relation", uid: node.uid, story, state, relation: support.words });
    const total = (stories.get(story) ?? 0) + by;
    if (total === 0) stories.delete(story);
    else stories.set(story, total);
    if (by === 1 ? total === 1 : total === 0) this.#passOn(node, story, by);
  }

  /** The object was drawn into a story, or let go: so are the Events about it, and what rows marked `any` say. */
  #passOn(node: GraphNode, story: CorrelationId, by: 1 | -1): void {
    for (const edge of node.links?.edges ?? []) this.#draw(edge, node, { story, as: "any", by });
    for (const child of node.children ?? []) {
      if (child.isKubeEvent && child.subjects.includes(node)) this.#support(child, { story, ...aboutOf(node), by });
    }
    if (by === 1) this.#wantNamed(node);
    if (by === 1 && isPod(node) && !node.isFollowed && node.deletedAt === undefined) {
      node.isFollowed = true;
      this.#findings.wants.push({ want: "logs", podUid: node.uid, namespace: node.namespace ?? "", pod: node.name });
    }
  }

  /** Asks for the kinds of what an object of a story names, once each. */
  #wantNamed(node: GraphNode, references: readonly NamedRelation[] = node.links?.stated.named ?? []): void {
    for (const { relation, kind, group, namespace, name, proof } of references) {
      const { target } = RELATION_RULES[relation];
      if (target === undefined || (target.when === "owned" && node.stories.length === 0)) continue;
      const key = namespace === undefined ? referenceKey(kind, group, undefined, name) : `${kind}.${group}/${namespace}`;
      if (this.#wanted.has(key)) continue;
      this.#wanted.add(key);
      const place = namespace === undefined ? {} : { namespace };
      const why = `${target.words} ${node.kind}/${node.name}: ${proof}`;
      this.#findings.wants.push({ want: "watch", kind, group, ...place, name, as: "named", why });
    }
  }

  /** The object is gone, and with it every relation that it had. */
  #end(node: GraphNode): void {
    const { links } = node;
    if (links === undefined) return;
    for (const edge of links.edges) this.#disconnect(edge);
    for (const named of links.stated.named) remove(this.#waiting, keyOf(named), node);
    for (const alias of links.stated.aliases) remove(this.#aliases, alias, node);
    if (links.selectable !== undefined) remove(this.#selectable, links.selectable, node);
    if (node.namespace !== undefined) remove(this.#selectors, node.namespace, node);
    links.stated = NOTHING_STATED;
    links.selectable = undefined;
  }
}

function aboutOf(subject: GraphNode): { readonly key: string; readonly words: string } {
  return { key: `about ${subject.uid}`, words: `about ${subject.kind}/${subject.name} (uid ${subject.uid})` };
}

function isSelecting(edge: Edge): boolean {
  return edge.relation === "selects" || edge.relation === "limits";
}

function isConnected(holder: GraphNode, target: GraphNode, how: Pick<Edge, "relation" | "proof">): boolean {
  // The smaller side is searched: a Service may select thousands of pods, a pod is selected by a few.
  for (const edge of target.links?.edges ?? []) {
    if (edge.holder === holder && edge.relation === how.relation && edge.proof === how.proof) return true;
  }
  return false;
}

function isPod(node: GraphNode): boolean {
  return node.kind === "Pod" && node.apiVersion === "v1";
}

function canBeSelected(node: GraphNode): boolean {
  return isPod(node) || CREATES_PODS.has(node.kind);
}

function keyOf({ kind, group, namespace, name }: NamedRelation): string {
  return referenceKey(kind, group, namespace, name);
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? "" : apiVersion.slice(0, slash);
}

function put(map: Map<string, Set<GraphNode>>, key: string, node: GraphNode): void {
  const nodes = map.get(key);
  if (nodes === undefined) map.set(key, new Set([node]));
  else nodes.add(node);
}

function remove(map: Map<string, Set<GraphNode>>, key: string, node: GraphNode): void {
  const nodes = map.get(key);
  nodes?.delete(node);
  if (nodes?.size === 0) map.delete(key);
}
