/**
 * Kubernetes Events that name their object without a uid one can trust, and the objects by name to find it among.
 * Producers put the node's name, the real uid or nothing as the uid of a Node (kubernetes #29289, #106475), and the
 * hash of its file for a static pod (kubectl `describe.go`). A name may have been borne by several objects, one after the other.
 */
import { LongList } from "../base/index.ts";
import { type ObjectRecord, type ObjectRef, parseTimestamp } from "../record/index.ts";
import type { GraphNode } from "./graph-node.ts";
import type { GraphReader, GraphWriter, NodeNumber, SetRows } from "./graph-state.ts";

/** An object as an Event names it, and the moment it speaks of (milliseconds since 1970). */
export interface NamedSubject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Group of the kind; undefined when the Event does not say. */
  readonly group: string | undefined;
  readonly atMs: number;
}

/** What an Event is about: uids to trust, and names to look up. */
export interface Subjects {
  readonly uids: readonly string[];
  readonly named: readonly NamedSubject[];
}

/** An Event is stamped with whole seconds, by a clock that is not the recorder's. */
const SLACK_MS = 1_000;
/** How much older than the only object of its name an Event may look before it is taken for one of an earlier object. */
const SKEW_MS = 60_000;
const STATIC_POD_HASH: RegExp = /^[0-9a-f]{32}$/;

/** Reads the references of an Event's record. `atMs` is its arrival. */
export function subjectsOf(record: ObjectRecord, atMs: number): Subjects {
  const facts = record.kubeEvent;
  if (facts === undefined) return { uids: [], named: [] };
  const refs = facts.related === undefined ? [facts.involved] : [facts.involved, facts.related];
  const time = parseTimestamp(facts.time ?? "") ?? atMs;
  return {
    uids: [...new Set(refs.flatMap((ref) => ref.uid ?? []))].filter((uid) => uid !== record.uid),
    named: refs.filter(needsName).flatMap((ref) => named(ref, time)),
  };
}

export interface NameIndexState {
  readonly objects: SetRows;
  readonly waiting: SetRows;
  readonly subjects: Iterable<readonly [event: NodeNumber, trusted: readonly NodeNumber[], named: readonly NamedSubject[]]>;
}

export class NameIndex {
  /** By name, alone or together: nearly every name has one bearer. */
  readonly #objects = new Map<string, GraphNode | GraphNode[]>();
  readonly #waiting = new Map<string, Set<GraphNode>>();
  readonly #subjects = new Map<GraphNode, { readonly trusted: readonly GraphNode[]; readonly named: readonly NamedSubject[] }>();

  /** Takes an object that was seen for the first time. Answers the Events that are about an object of this name. */
  add(node: GraphNode): readonly GraphNode[] {
    const sameName = this.#objects.get(node.name);
    if (isMany(sameName)) sameName.push(node);
    else this.#objects.set(node.name, sameName === undefined ? node : [sameName, node]);
    return [...(this.#waiting.get(waitingKey(node.kind, namespaceOf(node.kind, node.namespace), node.name)) ?? [])];
  }

  /** Remembers what an Event is about: `trusted` objects by uid, others by name, which may come later. */
  watch(event: GraphNode, trusted: readonly GraphNode[], byName: readonly NamedSubject[]): void {
    this.#subjects.set(event, { trusted, named: byName });
    for (const { kind, namespace, name } of byName) {
      const key = waitingKey(kind, namespace, name);
      const events = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, events.add(event));
    }
  }

  /** The objects that a watched Event is about, as far as they are known. */
  resolve(event: GraphNode): readonly GraphNode[] {
    const subjects = this.#subjects.get(event);
    if (subjects === undefined) return [];
    return [...subjects.trusted, ...subjects.named.flatMap((subject) => this.#bearer(subject) ?? [])];
  }

  /** Living objects of that kind, place and name: those that a reference without a uid means. */
  living(kind: string, group: string, namespace: string | undefined, name: string): readonly GraphNode[] {
    return this.#named(name).filter(
      (node) =>
        node.kind === kind && node.namespace === namespace && node.deletedAt === undefined && groupOf(node.apiVersion) === group,
    );
  }

  state(nodes: GraphWriter): NameIndexState {
    return {
      objects: nodes.sets(LongList.of(this.#objects.keys(), (name) => [name, this.#named(name)] as const)),
      waiting: nodes.sets(this.#waiting),
      subjects: LongList.of(this.#subjects, ([event, { trusted, named: byName }]) => {
        return [nodes.number(event), nodes.numbers(trusted), byName] as const;
      }),
    };
  }

  restore({ objects, waiting, subjects }: NameIndexState, nodes: GraphReader): void {
    for (const [name, bearers] of nodes.sets(objects)) {
      const [only, ...others] = bearers;
      if (only !== undefined) this.#objects.set(name, others.length === 0 ? only : [only, ...others]);
    }
    for (const [key, events] of nodes.sets(waiting)) this.#waiting.set(key, events);
    for (const [event, trusted, byName] of subjects)
      this.#subjects.set(nodes.node(event), { trusted: nodes.nodes(trusted), named: byName });
  }

  remove(node: GraphNode): void {
    const others = this.#named(node.name).filter((other) => other !== node);
    const [only] = others;
    if (only === undefined) this.#objects.delete(node.name);
    else this.#objects.set(node.name, others.length === 1 ? only : others);
    for (const { kind, namespace, name } of this.#subjects.get(node)?.named ?? []) {
      const key = waitingKey(kind, namespace, name);
      const events = this.#waiting.get(key);
      events?.delete(node);
      if (events?.size === 0) this.#waiting.delete(key);
    }
    this.#subjects.delete(node);
  }

  #named(name: string): readonly GraphNode[] {
    const objects = this.#objects.get(name);
    if (objects === undefined) return NOBODY;
    return isMany(objects) ? objects : [objects];
  }

  /** Of the objects that bore the name, the last one that was born by the time the Event speaks of. */
  #bearer(subject: NamedSubject): GraphNode | undefined {
    const bearers = this.#named(subject.name)
      .filter((node) => isNamed(node, subject))
      .sort((a, b) => a.bornAt - b.bornAt || (a.uid < b.uid ? -1 : 1));
    const first = bearers[0];
    const last = bearers.findLast((node) => node.bornAt <= subject.atMs + SLACK_MS);
    return last ?? (first !== undefined && first.bornAt <= subject.atMs + SKEW_MS ? first : undefined);
  }
}

const NOBODY: readonly GraphNode[] = [];

function isMany(objects: GraphNode | GraphNode[] | undefined): objects is GraphNode[] {
  return Array.isArray(objects);
}

function needsName(ref: ObjectRef): boolean {
  return ref.uid === undefined || ref.uid === ref.name || ref.kind === "Node" || STATIC_POD_HASH.test(ref.uid);
}

function named(ref: ObjectRef, atMs: number): NamedSubject[] {
  if (ref.kind === undefined || ref.name === undefined) return [];
  const group = ref.apiVersion === undefined ? undefined : groupOf(ref.apiVersion);
  return [{ kind: ref.kind, namespace: namespaceOf(ref.kind, ref.namespace), name: ref.name, group, atMs }];
}

function isNamed(node: GraphNode, subject: NamedSubject): boolean {
  if (node.kind !== subject.kind || namespaceOf(node.kind, node.namespace) !== subject.namespace) return false;
  return subject.group === undefined || groupOf(node.apiVersion) === subject.group;
}

/** Events about a Node say the namespace of the Event, or none. */
function namespaceOf(kind: string, namespace: string | undefined): string {
  return kind === "Node" ? "" : (namespace ?? "");
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? "" : apiVersion.slice(0, slash);
}

function waitingKey(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}
