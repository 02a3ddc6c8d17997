/** A cluster that lives: plays the steps of a schedule on a `ClusterHistory`. A step that finds nothing to do does nothing. */
import {
  ClusterHistory,
  ContainerLogs,
  type HistoryRef,
  type LogFile,
  logTime,
  type LogTimeFormat,
  type StoredVersion,
} from "../apiserver/index.ts";
import type { VirtualClock } from "../base/index.ts";
import { Chance } from "./chance.ts";
import type { ProofCluster, Slot } from "./clusters.ts";
import { API_VERSION, eventText, type Identity, type InstanceText, objectText, widgetDefinition } from "./objects.ts";
import type { WorkStep } from "./schedule.ts";
import { Truth } from "./truth.ts";

interface Standing {
  readonly identity: Identity;
  readonly uid: string;
  instance: InstanceText | undefined;
}

/** How a node writes logs. */
interface NodeLogs {
  /** Its clock, ahead of the true time. */
  readonly offsetMs: number;
  readonly format: LogTimeFormat;
  /** Milliseconds between the pieces in which the runtime reads lines; whole unless given. */
  readonly pieceMs?: number;
}

export const TRUE_TIME: NodeLogs = { offsetMs: 0, format: {} };

/** A line that comes in pieces comes in so many. */
const PIECES = 3;

const GRACE_MS = 2_000;
const HEARTBEAT_MS = 10_000;

export class Workload {
  readonly history: ClusterHistory;
  readonly logs: ContainerLogs = new ContainerLogs();
  readonly truth: Truth;
  node: NodeLogs = TRUE_TIME;
  readonly #clock: VirtualClock;
  readonly #cluster: ProofCluster;
  readonly #standing = new Map<number, Standing>();
  readonly #events = new Map<string, { readonly ref: HistoryRef; readonly slot: number; readonly uid: string; count: number }>();
  #number = 0;

  constructor(cluster: ProofCluster, clock: VirtualClock) {
    this.#clock = clock;
    this.#cluster = cluster;
    this.history = new ClusterHistory({ clock });
    this.truth = new Truth(this.history, clock);
    for (const name of ["kube-system", "shop", "cafe"])
      this.history.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    this.#beat();
  }

  /** No cluster is idle: nodes renew their leases, so etcd's revision rises, and bookmarks have something to tell. */
  #beat(): void {
    this.history.skipTo(this.history.revision + 1);
    this.#clock.after(HEARTBEAT_MS, () => this.#beat());
  }

  get slots(): number {
    return this.#cluster.slots.length;
  }

  play(step: WorkStep): void {
    const chance = new Chance(step.dice);
    const slot = step.slot % this.slots;
    switch (step.work) {
      case "create":
        return this.#create(slot, chance);
      case "update":
        return this.#change(slot, chance);
      case "edits":
        for (let left = chance.between(2, 9); left > 0; left--) this.#change(slot, chance);
        return;
      case "delete":
        return this.#delete(slot);
      case "recreate":
        this.#delete(slot);
        return this.#create(slot, chance);
      case "flash":
        this.#delete(slot);
        this.#create(slot, chance);
        if (chance.happens(0.5)) this.#change(slot, chance);
        return this.#delete(slot);
      case "delete-slowly":
        return this.#deleteSlowly(slot, chance);
      case "event":
        return this.#event(slot);
      case "event-again":
        return this.#eventAgain(chance);
      case "lease":
        return this.#expire(chance);
      case "storm":
        for (let left = chance.between(8, 24); left > 0; left--) this.#stormStep(chance.below(this.slots), chance);
        return;
      case "crd":
        return this.define(chance);
      case "log":
        return this.#log(slot, chance);
      case "restart":
        return this.#restart(slot, chance);
      case "pause":
        return;
    }
  }

  /** Starts, edits or stops serving the custom kind. */
  define(chance: Chance): void {
    const crd = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: "widgets.example.com" };
    const isServed = this.history.resources.byKind("example.com/v1", "Widget") !== undefined;
    const text = widgetDefinition(this.#number++);
    if (!isServed) this.history.create(text);
    else if (chance.happens(0.5)) this.history.update(text);
    else {
      this.history.remove(crd);
      for (const [slot, { identity }] of this.#standing) if (identity.slot.kind === "Widget") this.#standing.delete(slot);
    }
  }

  /** Changes every object that is there. */
  touchAll(chance: Chance): void {
    for (const slot of this.#standing.keys()) this.#change(slot, chance);
  }

  /** Whether the pod whose log has this path is there. */
  hasPodOf(path: string): boolean {
    const [namespace, name] = /\/namespaces\/([^/]+)\/pods\/([^/]+)\/log$/.exec(path)?.slice(1) ?? [];
    return [...this.#standing.values()].some(
      ({ identity: { slot } }) => slot.kind === "Pod" && slot.namespace === namespace && slot.name === name,
    );
  }

  /** Ends what would keep a recorder waiting for ever: a kind that was asked for is served. */
  settle(chance: Chance): void {
    const needsWidgets = this.#cluster.slots.some(({ kind }) => kind === "Widget");
    if (needsWidgets && this.history.resources.byKind("example.com/v1", "Widget") === undefined) this.define(chance);
  }

  /** Deletes everything in a namespace, as its end does. */
  clear(namespace: string): void {
    for (const [slot, { identity }] of this.#standing) if (identity.slot.namespace === namespace) this.#delete(slot);
  }

  /** Forgets all that was replaced before a revision that lies `behind` the newest one. */
  compact(behind: number): void {
    const revision = Math.max(1, this.history.revision - behind);
    this.history.compact(revision);
    this.truth.compactions.push({ at: this.#clock.monotonic(), revision });
  }

  /** The log file of the instance that runs in a pod; any pod's. */
  runningLog(chance: Chance): LogFile | undefined {
    const ids = [...this.#standing.values()].flatMap(({ instance }) => (instance === undefined ? [] : [instance.containerId]));
    return ids.length === 0 ? undefined : this.logs.file(chance.pick(ids));
  }

  /** Starts a new file; lines that nobody has read of the old one are lost to the API. */
  rotate(file: LogFile): void {
    file.rotate();
    const log = this.truth.logs.get(file.instance.containerId);
    if (log !== undefined) log.isRotated = true;
  }

  #slot(at: number): Slot {
    const slot = this.#cluster.slots[at];
    if (slot === undefined) throw new RangeError(`no slot ${at}`);
    return slot;
  }

  #isServed(slot: Slot): boolean {
    return this.history.resources.byKind(API_VERSION[slot.kind], slot.kind) !== undefined;
  }

  #create(at: number, chance: Chance): void {
    const slot = this.#slot(at);
    if (this.#standing.has(at) || !this.#isServed(slot)) return;
    const identity: Identity = { slot, owner: this.#ownerOf(slot) };
    const instance = slot.kind === "Pod" ? this.#instance(undefined) : undefined;
    const version = this.history.create(objectText(identity, this.#number++, chance, instance));
    this.#standing.set(at, { identity, uid: version.uid, instance });
    if (instance !== undefined) this.#startLog(version, instance);
  }

  #ownerOf(slot: Slot): Identity["owner"] {
    const owner = slot.owner === undefined ? undefined : this.#standing.get(slot.owner);
    if (owner === undefined) return undefined;
    const { kind, name } = owner.identity.slot;
    return { apiVersion: API_VERSION[kind], kind, name, uid: owner.uid };
  }

  #change(at: number, chance: Chance): void {
    const standing = this.#standing.get(at);
    if (standing === undefined) return;
    this.history.update(objectText(standing.identity, this.#number++, chance, standing.instance));
  }

  #delete(at: number): void {
    const standing = this.#standing.get(at);
    if (standing === undefined) return;
    this.#standing.delete(at);
    this.#endLog(standing.instance);
    this.history.remove(refOf(standing.identity.slot));
  }

  #deleteSlowly(at: number, chance: Chance): void {
    const standing = this.#standing.get(at);
    if (standing === undefined) return;
    this.history.requestDeletion(refOf(standing.identity.slot), GRACE_MS / 1_000);
    this.#clock.after(chance.between(1, GRACE_MS), () => {
      if (this.#standing.get(at) === standing) this.#delete(at);
    });
  }

  #stormStep(at: number, chance: Chance): void {
    if (!this.#standing.has(at)) this.#create(at, chance);
    else if (chance.happens(0.15)) this.#delete(at);
    else this.#change(at, chance);
  }

  #event(at: number): void {
    const standing = this.#standing.get(at);
    if (standing === undefined) return;
    const { slot } = standing.identity;
    const name = `${slot.name}.${this.#number++}`;
    this.history.create(eventText({ slot, uid: standing.uid }, name, 1));
    const ref = { apiVersion: "v1", kind: "Event", namespace: slot.namespace, name };
    this.#events.set(name, { ref, slot: at, uid: standing.uid, count: 1 });
  }

  #eventAgain(chance: Chance): void {
    if (this.#events.size === 0) return;
    const event = chance.pick([...this.#events.values()]);
    event.count++;
    this.history.update(eventText({ slot: this.#slot(event.slot), uid: event.uid }, event.ref.name, event.count));
  }

  #expire(chance: Chance): void {
    const names = [...this.#events.keys()].slice(0, chance.between(1, 6));
    const refs = names.flatMap((name) => this.#events.get(name)?.ref ?? []);
    if (refs.length > 0) this.history.remove(...refs);
    for (const name of names) this.#events.delete(name);
  }

  // --- containers and their logs ------------------------------------------------------------------

  #instance(before: InstanceText | undefined): InstanceText {
    const containerId = `containerd://${String(this.#number++).padStart(8, "0")}`;
    const restartCount = before === undefined ? 0 : before.restartCount + 1;
    const startedAt = logTime(this.#clock.now() + this.node.offsetMs, { digits: 0 });
    return { containerId, restartCount, startedAt, previousId: before?.containerId };
  }

  #startLog(pod: StoredVersion, { containerId, restartCount }: InstanceText): void {
    this.logs.start({ podUid: pod.uid, container: "app", restartCount, containerId });
    this.truth.logs.set(containerId, {
      containerId,
      podUid: pod.uid,
      container: "app",
      lines: [],
      moments: [],
      isRotated: false,
    });
  }

  #endLog(instance: InstanceText | undefined): void {
    if (instance !== undefined) this.logs.remove(instance.containerId);
  }

  #restart(at: number, chance: Chance): void {
    const standing = this.#standing.get(at);
    const before = standing?.instance;
    if (standing === undefined || before === undefined) return;
    this.logs.file(before.containerId)?.end();
    if (before.previousId !== undefined) this.#endLog({ ...before, containerId: before.previousId });
    standing.instance = this.#instance(before);
    const version = this.history.update(objectText(standing.identity, this.#number++, chance, standing.instance));
    this.#startLog(version, standing.instance);
  }

  /** The instance that runs in a pod ends, and its container waits so long to be restarted. */
  crash(chance: Chance, ms: number): void {
    const running = [...this.#standing].filter(([, { instance }]) => instance !== undefined && instance.isWaiting !== true);
    if (running.length === 0) return;
    const [at, standing] = chance.pick(running);
    const { instance } = standing;
    if (instance === undefined) return;
    this.logs.file(instance.containerId)?.end();
    standing.instance = { ...instance, isWaiting: true };
    this.#change(at, chance);
    this.#clock.after(ms, () => {
      if (this.#standing.get(at) === standing && standing.instance?.containerId === instance.containerId)
        this.#restart(at, chance);
    });
  }

  #log(at: number, chance: Chance): void {
    const instance = this.#standing.get(at)?.instance;
    const file = instance === undefined || instance.isWaiting === true ? undefined : this.logs.file(instance.containerId);
    if (file !== undefined) this.write(file, chance.between(1, 5));
  }

  /** Appends lines at the present moment, some of them with the same timestamp. A container that has ended writes none. */
  write(file: LogFile, count: number, timestamp?: string): void {
    if (file.ended) return;
    const log = this.truth.logs.get(file.instance.containerId);
    for (let left = count; left > 0; left--) {
      const words = `line ${this.#number++} of ${file.instance.containerId}`.split(/(?= )/);
      const pieces =
        this.node.pieceMs === undefined ? [words.join("")] : words.slice(0, PIECES - 1).concat(words.slice(PIECES - 1).join(""));
      const stamped = pieces.map((content, at) => {
        const time = timestamp ?? this.#stamp(pieces.length - 1 - at, left % 2);
        file.append(content, time, { partial: at < pieces.length - 1 });
        return `${time} ${content}`;
      });
      // Only kubelets of the old kind see pieces here, and they put a time before each.
      log?.lines.push(stamped.join(""));
      log?.moments.push(this.#clock.monotonic());
    }
  }

  /** The node's time, or as many pieces ago. */
  #stamp(piecesAgo: number, nanos: number): string {
    const { offsetMs, format, pieceMs = 0 } = this.node;
    return logTime(this.#clock.now() + offsetMs - piecesAgo * pieceMs, format, nanos);
  }
}

function refOf(slot: Slot): HistoryRef {
  return { apiVersion: API_VERSION[slot.kind], kind: slot.kind, namespace: slot.namespace, name: slot.name };
}
