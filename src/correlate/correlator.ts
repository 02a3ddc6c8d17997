/**
 * Which story a record belongs to, and what follows from it. Record first, attribute later: attribution is a function
 * of the graph that all records together make, in whatever order they came; each time it changes for an object, an
 * attribution record says so. Pure: time is the records' own and the ticks'; what should be fetched or followed is
 * answered as wants.
 *
 * Objects that were deleted long ago are forgotten, whether or not their story goes on: memory is bounded by what
 * lives. Their attribution is in the recording, under the uid.
 */
import { isoMs, LongList, unreachable } from "../base/index.ts";
import type {
  CorrelationId,
  FaroRecord,
  ObjectRecord,
  ObjectRef,
  ObjectRelations,
  OwnerRef,
  RootSelection,
  RunRecord,
} from "../record/index.ts";
import { type GraphNode, NONE, rootsOf } from "./graph-node.ts";
import { GraphReader, type GraphState, GraphWriter, type NodeNumber } from "./graph-state.ts";
import { LogStreams, openStreams } from "./log-streams.ts";
import { OwnerGraph, type OwnerGraphState, type Sight } from "./owner-graph.ts";
import { proofOf } from "./proof.ts";
import { Evictions, type EvictionsState } from "./evictions.ts";
import { RelationGraph, type RelationGraphState } from "./relation-graph.ts";
import { drawnInto, NOTHING_STATED } from "./relation-links.ts";
import { compileSelection, type Selects } from "./selection.ts";
import { correlationId, type OpenStory, StoryLifetime, type StoryLifetimeState } from "./story-lifetime.ts";
import type { CorrelationRecord, CorrelationStep, CorrelatorOptions, Want } from "./types.ts";

const FORGET_AFTER_MIN_MS = 600_000;
/** A run forgets at its next tick; a machine that slept, or a busy one, makes it late. */
const FORGET_LATER_MS = 60_000;
const NO_STORY: readonly CorrelationId[] = [];

/** A step while it is made. */
interface Findings {
  readonly atMs: number;
  readonly records: CorrelationRecord[];
  readonly wants: Want[];
}

interface Deleted {
  readonly node: GraphNode;
  readonly notBefore: number;
  /** Nothing had needed it for as long before: what a recording tells is forgotten only then. */
  readonly isIdle: boolean;
}

/** Everything that a correlator knows, as plain data with long lists in it. */
export interface CorrelatorState {
  readonly graph: OwnerGraphState;
  readonly relations: RelationGraphState;
  readonly streams: Iterable<readonly [stream: string, pod: NodeNumber]>;
  readonly lifetime: StoryLifetimeState;
  readonly selection: RootSelection;
  readonly forgetAfterMs: number;
  readonly isForgettingTold: boolean;
  /** Arrays of stories by their number in `nodes`. */
  readonly shared: Iterable<readonly [key: string, stories: number]>;
  readonly noStory: number;
  readonly none: number;
  readonly evictions: EvictionsState;
  readonly deleted: Iterable<readonly [node: NodeNumber, notBefore: number, isIdle: boolean]>;
  readonly nodes: GraphState;
}

/** One per recording. @throws FaroError `FARO_USAGE` on construction when the label selector cannot be read. */
export class Correlator {
  readonly #graph = new OwnerGraph();
  readonly #relations = new RelationGraph(this.#graph);
  readonly #streams: LogStreams;
  readonly #lifetime: StoryLifetime;
  #selection: RootSelection;
  #selects: Selects;
  readonly #isForgetAfterGiven: boolean;
  #forgetAfterMs: number;
  /** The run whose records come has said after what time it forgets. */
  #isForgettingTold: boolean;
  readonly #shared = new Map<string, readonly CorrelationId[]>();
  readonly #evictions = new Evictions();
  /** Deleted objects in the order in which they may be forgotten. */
  #deleted: Deleted[] = [];

  constructor(options: CorrelatorOptions) {
    this.#selection = options.selection;
    this.#selects = compileSelection(options.selection);
    this.#lifetime = new StoryLifetime(options.correlationTimeoutMs);
    this.#streams = new LogStreams(this.#graph, (node, by) => this.#lifetime.count(node.stories, "streams", by));
    this.#isForgetAfterGiven = options.forgetAfterMs !== undefined;
    this.#isForgettingTold = this.#isForgetAfterGiven;
    this.#forgetAfterMs = options.forgetAfterMs ?? forgetAfter(options.correlationTimeoutMs);
  }

  /** To be gone over before anything changes: parts of it are the correlator's own. */
  state(): CorrelatorState {
    const nodes = new GraphWriter();
    return {
      graph: this.#graph.state(nodes),
      relations: this.#relations.state(nodes),
      streams: this.#streams.state(nodes),
      lifetime: this.#lifetime.state(nodes),
      selection: this.#selection,
      forgetAfterMs: this.#forgetAfterMs,
      isForgettingTold: this.#isForgettingTold,
      shared: LongList.of(this.#shared, ([key, stories]) => [key, nodes.stories(stories)] as const),
      noStory: nodes.stories(NO_STORY),
      none: nodes.stories(NONE),
      evictions: this.#evictions.state(),
      deleted: LongList.of(this.#deleted, ({ node, notBefore, isIdle }) => [nodes.number(node), notBefore, isIdle] as const),
      nodes: nodes.end(),
    };
  }

  /** Goes on from `state`, which becomes its own. For a correlator that has taken nothing. */
  restore(state: CorrelatorState): void {
    const constants = [
      [state.noStory, NO_STORY],
      [state.none, NONE],
    ] as const;
    const nodes = new GraphReader(state.nodes, new Map(constants));
    this.#graph.restore(state.graph, nodes);
    this.#relations.restore(state.relations, nodes);
    this.#streams.restore(state.streams, nodes);
    this.#lifetime.restore(state.lifetime, nodes);
    this.#selection = state.selection;
    this.#selects = compileSelection(state.selection);
    this.#forgetAfterMs = state.forgetAfterMs;
    this.#isForgettingTold = state.isForgettingTold;
    for (const [key, number] of state.shared) this.#shared.set(key, nodes.stories(number));
    this.#evictions.restore(state.evictions);
    this.#deleted = Array.from(state.deleted, ([node, notBefore, isIdle]) => {
      return { node: nodes.node(node), notBefore, isIdle };
    });
  }

  /** Objects that are remembered. */
  get size(): number {
    return this.#graph.size;
  }

  /**
   * Takes one record, in the order of the recording. Records that the correlator itself caused may be handed in again.
   * `relations` are those that the version states, for a record of type `object`.
   */
  accept(record: FaroRecord, relations: ObjectRelations = NOTHING_STATED): CorrelationStep {
    switch (record.type) {
      case "object":
        return this.#acceptObject(record, relations);
      case "lifecycle":
        return this.#touch(this.#graph.find(record.uid), isoMs(record.at));
      case "log-stream":
        return this.#touch(this.#streams.bind(record.stream, record.instance.podUid), isoMs(record.at));
      case "log":
        return this.#touch(this.#streams.podOf(record.stream), isoMs(record.at));
      case "log-end":
        return this.#touch(this.#streams.end(record.stream), isoMs(record.at));
      case "gap":
        return { stories: record.uid === undefined ? NO_STORY : this.storiesOf(record.uid), records: [], wants: [] };
      case "run":
        // Streams of an earlier run that was killed ended with it.
        if (record.state === "started" && record.goesOn === undefined) this.#streams.endAll();
        // A kind that was waited for, or the choice of another run: from here on this decides.
        if (record.selection !== undefined) {
          this.#selection = record.selection;
          this.#selects = compileSelection(record.selection);
        }
        this.#noteForgetting(record);
        return nothing();
      case "story":
        if (record.state === "completed") this.#lifetime.restoreCompleted(record.story);
        return nothing();
      case "faro-recording":
      case "scope":
      case "attribution":
      case "relation":
      case "incident":
      case "checkpoint":
      case "seal":
        return nothing();
      default:
        return unreachable(record);
    }
  }

  /** An early Faro did not say after what time its stories are over. */
  #noteForgetting({ state, correlationTimeoutMs }: RunRecord): void {
    if (state !== "started" || this.#isForgetAfterGiven) return;
    this.#isForgettingTold = correlationTimeoutMs !== undefined;
    if (correlationTimeoutMs !== undefined) this.#forgetAfterMs = forgetAfter(correlationTimeoutMs);
  }

  /** Lets time pass: completes quiet stories and forgets what was deleted long ago. */
  tick(nowMs: number): CorrelationStep {
    const records = this.#lifetime.tick(nowMs);
    const forgotten = this.#forgetBefore(nowMs);
    return { stories: NO_STORY, records: [...records, ...this.#evictions.say(nowMs)], wants: [], forgotten };
  }

  /**
   * Forgets what the run that recorded this forgot, but never sooner than it did: what a record then still found, it has to find
   * again. That run looked at it between two looks here.
   * @param atMs arrival of the record that comes next
   * @returns what was forgotten, by uid
   */
  forgetAsRecorded(atMs: number): readonly string[] {
    const due = this.#isForgettingTold ? this.#takeDue(atMs - FORGET_LATER_MS) : NONE;
    if (due.length === 0) return NONE;
    const forgotten = due.flatMap(({ node, isIdle }) => {
      if (isIdle && this.#forget(node)) return [node.uid];
      this.#deleted.push({ node, notBefore: atMs + this.#forgetAfterMs, isIdle: !this.#isNeeded(node) });
      return [];
    });
    // That run has said so.
    this.#evictions.clear();
    return forgotten;
  }

  /** Completes every open story. */
  stop(_nowMs: number): CorrelationStep {
    return { stories: NO_STORY, records: [...this.#lifetime.stop(), ...this.#evictions.say(Infinity)], wants: [] };
  }

  /** Stories of an object, by what is known now; none for an object that was forgotten. */
  storiesOf(uid: string): readonly CorrelationId[] {
    const node = this.#graph.find(uid);
    return node === undefined ? NO_STORY : storiesOfNode(node);
  }

  openStories(): readonly OpenStory[] {
    return [...this.#lifetime.open()];
  }

  #acceptObject(record: ObjectRecord, stated: ObjectRelations): CorrelationStep {
    const findings: Findings = { atMs: isoMs(record.at), records: [], wants: [] };
    const sight = this.#graph.see(record, findings.atMs);
    const { node } = sight;
    this.#noteLife(sight, record, findings.atMs);
    const isChosen = !node.isSelected && this.#selects(record);
    if (isChosen) node.isSelected = true;
    this.#refresh(isChosen ? [node, ...sight.changed] : sight.changed, findings);
    this.#askForOwners(sight, record, findings);
    for (const [child, owner] of sight.invalid) findings.records.push(foreignOwner(child, owner));
    for (const { event, gained, lost } of sight.turned) this.#relations.turned(event, { gained, lost }, findings);
    this.#relations.see(node, { stated, labels: record.labels, isFirst: sight.isFirst }, findings);
    this.#touchStories(node, findings.atMs, findings.records);
    return { stories: storiesOfNode(node), records: findings.records, wants: findings.wants };
  }

  /**
   * What is shared, as a Node is, belongs to a story and yet neither keeps it open nor opens it again: its life goes on
   * without it. A pod that a Service selects is what the Service's story tells of.
   */
  #touchStories(node: GraphNode, atMs: number, records: CorrelationRecord[]): void {
    const stories = isPodOrAboutOne(node) ? storiesOfNode(node) : node.stories;
    if (stories.length === 0 && node.stories.length === 0) return;
    records.push(...this.#lifetime.touch(stories, atMs), ...this.#lifetime.completeDeleted(node.stories));
  }

  #noteLife({ node, isFirst }: Sight, record: ObjectRecord, atMs: number): void {
    const isGone = record.change === "DELETED";
    if (isFirst && !isGone) node.isLiving = !node.isKubeEvent;
    if (isGone && node.isLiving) {
      this.#lifetime.count(node.keepsAlive, "living", -1);
      node.isLiving = false;
    }
    if (isGone && node.deletedAt === atMs) this.#deleted.push({ node, notBefore: atMs + this.#forgetAfterMs, isIdle: false });
  }

  /** Attributes the nodes anew, and everything below those for which that made a difference. */
  #refresh(starts: readonly GraphNode[], findings: Findings): void {
    if (starts.length === 0) return;
    const queue = new Set(starts);
    // Every node is computed from the graph, not from its parents' answers: one visit each is enough, in any order.
    for (const node of queue) {
      if (this.#attribute(node, findings)) for (const child of node.children ?? []) queue.add(child);
    }
  }

  /** True when the stories of the node changed. */
  #attribute(node: GraphNode, findings: Findings): boolean {
    const roots = rootsOf(node, "ever");
    const stories = this.#share(roots);
    const keepsAlive = this.#graph.hasFormerOwners ? this.#share(rootsOf(node, "now")) : stories;
    const isChanged = stories !== node.stories || keepsAlive !== node.keepsAlive;
    this.#beginStories(roots, findings);
    if (isChanged) this.#move(node, { stories, keepsAlive }, findings);
    const proof = stories.length === 0 ? "" : sharedProof(node, proofOf(node));
    if (!isChanged && proof === node.proof) return false;
    node.proof = proof;
    findings.records.push({ type: "attribution", uid: node.uid, stories, relation: proof });
    const own = node.isSelected ? correlationId(node) : undefined;
    if (own !== undefined && !stories.includes(own)) findings.records.push(...this.#lifetime.merge(own, stories));
    if (isChanged) this.#askForLogs(node, findings);
    if (isChanged && node.isWanted && node.isSeen) askForKind(node, findings);
    return isChanged;
  }

  #beginStories(roots: readonly GraphNode[], findings: Findings): void {
    for (const root of roots) {
      if (!this.#lifetime.has(correlationId(root))) findings.records.push(this.#lifetime.begin(root, findings.atMs));
    }
  }

  #move(node: GraphNode, { stories, keepsAlive }: Pick<GraphNode, "stories" | "keepsAlive">, findings: Findings): void {
    const before = node.stories;
    const streams = openStreams(node);
    const living = node.isLiving ? 1 : 0;
    this.#lifetime.count(node.keepsAlive, "living", -living);
    this.#lifetime.count(node.stories, "streams", -streams);
    node.stories = stories;
    node.keepsAlive = keepsAlive;
    this.#lifetime.count(keepsAlive, "living", living);
    this.#lifetime.count(stories, "streams", streams);
    if (node.links !== undefined && stories !== before) this.#relations.moved(node, before, findings);
  }

  #askForLogs(node: GraphNode, { wants }: Findings): void {
    if (node.kind !== "Pod" || node.apiVersion !== "v1" || node.isFollowed || node.stories.length === 0) return;
    // A deleted pod's, too: that its logs cannot be read any more has to be said.
    node.isFollowed = true;
    wants.push({ want: "logs", podUid: node.uid, namespace: node.namespace ?? "", pod: node.name });
  }

  #askForOwners({ unresolved, node }: Sight, record: ObjectRecord, { wants }: Findings): void {
    if (record.change === "DELETED") return;
    for (const owner of unresolved) {
      const ownerNode = this.#graph.nodeOf(owner.uid);
      if (ownerNode.isWanted) continue;
      ownerNode.isWanted = true;
      wants.push({ want: "object", ref: refOf(owner, node.namespace) });
    }
  }

  #touch(node: GraphNode | undefined, atMs: number): CorrelationStep {
    if (node === undefined) return nothing();
    const records: CorrelationRecord[] = [];
    this.#touchStories(node, atMs, records);
    return { stories: storiesOfNode(node), records, wants: [] };
  }

  /** One array per set of stories, shared by all their objects: equal means identical. */
  #share(roots: readonly GraphNode[]): readonly CorrelationId[] {
    if (roots.length === 0) return NO_STORY;
    const ids = roots.map(correlationId);
    const key = ids.join(" ");
    const shared = this.#shared.get(key) ?? ids;
    this.#shared.set(key, shared);
    return shared;
  }

  /** Deleted objects stand in the order of their time, so what is not due yet ends the search. */
  #takeDue(nowMs: number): readonly Deleted[] {
    const [next] = this.#deleted;
    if (next === undefined || next.notBefore > nowMs) return NONE;
    const firstLater = this.#deleted.findIndex(({ notBefore }) => notBefore > nowMs);
    return this.#deleted.splice(0, firstLater === -1 ? this.#deleted.length : firstLater);
  }

  #forgetBefore(nowMs: number): readonly string[] {
    return this.#takeDue(nowMs).flatMap(({ node }) => {
      if (this.#forget(node)) return [node.uid];
      this.#deleted.push({ node, notBefore: nowMs + this.#forgetAfterMs, isIdle: false });
      return [];
    });
  }

  /** True while its story goes on, a log stream is open, or children remember it. */
  #isNeeded(node: GraphNode): boolean {
    if (node.isSelected && this.#lifetime.isOpen(correlationId(node))) return true;
    return openStreams(node) > 0 || (node.children !== undefined && node.children.size > 0);
  }

  /** False while the object is still needed. */
  #forget(node: GraphNode): boolean {
    if (this.#isNeeded(node) || !this.#graph.forget(node)) return false;
    const own = node.isSelected ? correlationId(node) : undefined;
    this.#streams.forget(node);
    this.#evictions.count(node);
    if (own === undefined) return true;
    this.#lifetime.forget(own);
    this.#shared.delete(own);
    return true;
  }
}

/** Siblings have their proof in common: one copy of it for all pods of an owner, and for all Events about a pod. */
function sharedProof({ owners, subjects }: GraphNode, proof: string): string {
  const sibling = (owners[0] ?? subjects[0])?.children?.values().next().value;
  return sibling?.proof === proof ? sibling.proof : proof;
}

/** An object is remembered for twice the time after which its story is over. */
function forgetAfter(correlationTimeoutMs: number): number {
  return Math.max(FORGET_AFTER_MIN_MS, 2 * correlationTimeoutMs);
}

function storiesOfNode(node: GraphNode): readonly CorrelationId[] {
  if ((node.links?.stories?.size ?? 0) === 0) return node.stories;
  return [...new Set([...node.stories, ...drawnInto(node)])];
}

function isPodOrAboutOne(node: GraphNode): boolean {
  if ((node.links?.stories?.size ?? 0) === 0) return false;
  return node.kind === "Pod" || node.subjects.some((subject) => subject.kind === "Pod");
}

function nothing(): CorrelationStep {
  return { stories: NO_STORY, records: [], wants: [] };
}

/** The owner's namespace is not said: the child's, unless its kind has none. */
function refOf(owner: OwnerRef, namespace: string | undefined): ObjectRef {
  const { apiVersion, kind, name, uid } = owner;
  return { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name, uid };
}

/** An owner that had to be fetched belongs to a story: nothing watches its kind yet. */
function askForKind({ apiVersion, kind, namespace, name, stories }: GraphNode, { wants }: Findings): void {
  if (stories.length === 0) return;
  const slash = apiVersion.indexOf("/");
  const group = slash === -1 ? "" : apiVersion.slice(0, slash);
  const place = namespace === undefined ? {} : { namespace };
  wants.push({ want: "watch", kind, group, ...place, name, as: "owned", why: `${kind}/${name} is an owner in a story` });
}

function foreignOwner(child: GraphNode, owner: GraphNode): CorrelationRecord {
  const where = child.namespace === undefined ? "without a namespace" : `in namespace ${child.namespace}`;
  const named = `${owner.kind}/${owner.name} in namespace ${owner.namespace ?? ""}`;
  return {
    type: "incident",
    what: "owner in another namespace",
    detail: `${child.kind}/${child.name} ${where} names ${named} as its owner; not followed`,
  };
}
