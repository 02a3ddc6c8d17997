/**
 * Who belongs to whom, as far as records told: objects by uid, their owners, and what Kubernetes Events are about.
 * Edges point at uids, so a child may come long before its owner; the owner is a bare node until its own record
 * arrives. An edge that existed once is kept as a former one: a story does not lose an object that was orphaned.
 */
import { LongList } from "../base/index.ts";
import type { ObjectRecord, OwnerRef } from "../record/index.ts";
import { GraphNode, isHonoured } from "./graph-node.ts";
import type { GraphReader, GraphWriter, NodeNumber } from "./graph-state.ts";
import { NameIndex, type NameIndexState, subjectsOf } from "./name-index.ts";

/** What one record changed in the graph. */
export interface Sight {
  readonly node: GraphNode;
  /** The object was not known before, except perhaps by its uid. */
  readonly isFirst: boolean;
  /** Nodes whose own edges changed: the object itself, and Events that are about it by name. */
  readonly changed: readonly GraphNode[];
  /** Owners named for the first time by this object, of which only the reference is known. */
  readonly unresolved: readonly OwnerRef[];
  /** Pairs of child and owner that Kubernetes does not honour: the owner is in another namespace. */
  readonly invalid: readonly (readonly [child: GraphNode, owner: GraphNode])[];
  /** Events that are about another object from now on, and no longer about an earlier one. */
  readonly turned: readonly TurnedEvent[];
}

export interface TurnedEvent {
  readonly event: GraphNode;
  readonly gained: readonly GraphNode[];
  readonly lost: readonly GraphNode[];
}

const NO_TURN: readonly TurnedEvent[] = [];
const NO_NODES: readonly GraphNode[] = [];
const NO_OWNERS: readonly OwnerRef[] = [];

/** What nearly all versions change. */
function unchangedSight(node: GraphNode): Sight {
  return { node, isFirst: false, changed: NO_NODES, unresolved: NO_OWNERS, invalid: NO_EDGES, turned: NO_TURN };
}

const NO_EDGES: Sight["invalid"] = [];

export interface OwnerGraphState {
  readonly nodes: Iterable<NodeNumber>;
  readonly names: NameIndexState;
  readonly words: readonly string[];
  readonly hasFormerOwners: boolean;
}

export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #names = new NameIndex();
  /** Kinds, namespaces and versions repeat for ever: one string of each is enough. */
  readonly #words = new Map<string, string>();
  #hasFormerOwners = false;
  #turned: TurnedEvent[] = [];

  get size(): number {
    return this.#nodes.size;
  }

  /** False while no object ever lost an owner: then present and former edges are the same. */
  get hasFormerOwners(): boolean {
    return this.#hasFormerOwners;
  }

  find(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** The node of this uid; a bare one when nothing else is known. */
  nodeOf(uid: string): GraphNode {
    const known = this.#nodes.get(uid);
    if (known !== undefined) return known;
    const node = new GraphNode(uid);
    this.#nodes.set(uid, node);
    return node;
  }

  /** Takes one version of one object. `atMs` is its arrival. */
  see(record: ObjectRecord, atMs: number): Sight {
    const node = this.nodeOf(record.uid);
    const isFirst = !node.isSeen;
    if (this.#turned.length > 0) this.#turned = [];
    if (isFirst) this.#introduce(node, record, atMs);
    if (record.change === "DELETED") node.deletedAt ??= atMs;
    const areOwnersNew = this.#setOwners(node, record.owners ?? NO_OWNERS);
    if (!isFirst && !areOwnersNew) return unchangedSight(node);
    const named = isFirst && !node.isKubeEvent ? this.#names.add(node) : [];
    for (const event of named) this.#setSubjects(event, this.#names.resolve(event));
    return {
      node,
      isFirst,
      changed: [node, ...named, ...(isFirst ? selectedChildren(node) : [])],
      unresolved: areOwnersNew ? (record.owners ?? []).filter((owner) => this.#nodes.get(owner.uid)?.isSeen === false) : [],
      invalid: invalidEdges(node, isFirst),
      turned: this.#turned.length > 0 ? this.#turned : NO_TURN,
    };
  }

  /** Living objects of that kind, place and name. */
  living(kind: string, group: string, namespace: string | undefined, name: string): readonly GraphNode[] {
    return this.#names.living(kind, group, namespace, name);
  }

  state(nodes: GraphWriter): OwnerGraphState {
    return {
      nodes: LongList.of(this.#nodes.values(), (node) => nodes.number(node)),
      names: this.#names.state(nodes),
      words: [...this.#words.keys()],
      hasFormerOwners: this.#hasFormerOwners,
    };
  }

  restore({ nodes: numbers, names, words, hasFormerOwners }: OwnerGraphState, nodes: GraphReader): void {
    for (const number of numbers) {
      const node = nodes.node(number);
      this.#nodes.set(node.uid, node);
    }
    this.#names.restore(names, nodes);
    for (const word of words) this.#words.set(word, word);
    this.#hasFormerOwners = hasFormerOwners;
  }

  /** Removes a node. False when something still refers to it. */
  forget(node: GraphNode): boolean {
    if (node.children !== undefined && node.children.size > 0) return false;
    for (const parent of [...node.owners, ...node.formerOwners, ...node.subjects]) {
      parent.children?.delete(node);
      if (isNeedless(parent)) this.#nodes.delete(parent.uid);
    }
    this.#names.remove(node);
    this.#nodes.delete(node.uid);
    return true;
  }

  #introduce(node: GraphNode, record: ObjectRecord, atMs: number): void {
    node.isSeen = true;
    node.isKubeEvent = record.kubeEvent !== undefined;
    node.apiVersion = this.#word(record.apiVersion);
    node.kind = this.#word(record.kind);
    node.namespace = record.namespace === undefined ? undefined : this.#word(record.namespace);
    node.name = record.name;
    // An object that was there before the recording may be of any age.
    node.bornAt = record.change === "ADDED" ? atMs : -Infinity;
    if (!node.isKubeEvent) return;
    // What an Event is about never changes: only its first version is read for it.
    const { uids, named } = subjectsOf(record, atMs);
    const trusted = uids.map((uid) => this.nodeOf(uid));
    // Most Events name a uid to trust: they need no place in the index.
    if (named.length > 0) this.#names.watch(node, trusted, named);
    this.#setSubjects(node, named.length > 0 ? this.#names.resolve(node) : trusted);
  }

  /** Keeps owners that are no longer named as former ones. True when the present ones changed. */
  #setOwners(node: GraphNode, references: readonly OwnerRef[]): boolean {
    if (areOwners(references, node.owners)) return false;
    const uids = new Set(references.map((owner) => owner.uid));
    uids.delete(node.uid);
    const lost = [...node.formerOwners, ...node.owners].filter((owner) => !uids.has(owner.uid));
    if (lost.length > 0) this.#hasFormerOwners = true;
    node.owners = listOf([...uids].map((uid) => this.nodeOf(uid)));
    for (const { uid, kind, name } of references) this.#nameUnseen(this.nodeOf(uid), this.#word(kind), name);
    if (lost.length > 0) node.formerOwners = [...new Set(lost)];
    else if (node.formerOwners.length > 0) node.formerOwners = NO_NODES;
    for (const owner of node.owners) addChild(owner, node);
    return true;
  }

  /** Of an owner that is never seen, this is all there will ever be. */
  #nameUnseen(owner: GraphNode, kind: string, name: string): void {
    if (owner.isSeen) return;
    owner.kind = kind;
    owner.name = name;
  }

  #setSubjects(event: GraphNode, subjects: readonly GraphNode[]): void {
    const next = new Set(subjects);
    const gained = [...next].filter((subject) => !event.subjects.includes(subject));
    const lost = event.subjects.filter((subject) => !next.has(subject));
    for (const subject of lost) subject.children?.delete(event);
    event.subjects = listOf([...next]);
    for (const subject of gained) addChild(subject, event);
    if (gained.length + lost.length > 0) this.#turned.push({ event, gained, lost });
  }

  #word(text: string): string {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    this.#words.set(text, text);
    return text;
  }
}

function areOwners(references: readonly OwnerRef[], owners: readonly GraphNode[]): boolean {
  // Without a function of its own for each version, as `every` takes one.
  for (let at = 0; at < references.length; at++) if (references[at]?.uid !== owners[at]?.uid) return false;
  return references.length === owners.length;
}

/** Roots whose proof says that this owner was not seen. */
function selectedChildren(node: GraphNode): readonly GraphNode[] {
  return node.children === undefined ? [] : [...node.children].filter((child) => child.isSelected);
}

/** A list of one is the same for all whose only owner or subject that is. */
function listOf(parents: readonly GraphNode[]): readonly GraphNode[] {
  const [only] = parents;
  if (only === undefined) return NO_NODES;
  if (parents.length > 1) return parents;
  const sibling = only.children?.values().next().value;
  return [sibling?.owners, sibling?.subjects].find((list) => list?.length === 1 && list[0] === only) ?? parents;
}

function addChild(parent: GraphNode, child: GraphNode): void {
  parent.children ??= new Set();
  parent.children.add(child);
}

/** A bare node exists only for those who name it. */
function isNeedless(node: GraphNode): boolean {
  return !node.isSeen && node.streams === undefined && (node.children === undefined || node.children.size === 0);
}

function invalidEdges(node: GraphNode, isFirst: boolean): (readonly [GraphNode, GraphNode])[] {
  const above = node.owners.map((owner) => [node, owner] as const);
  const below = isFirst
    ? [...(node.children ?? [])].filter((child) => child.owners.includes(node)).map((child) => [child, node] as const)
    : [];
  return [...above, ...below].filter(([child, owner]) => !isHonoured(child, owner));
}
