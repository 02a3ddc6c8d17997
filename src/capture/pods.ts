/**
 * What a capture does with pods beyond recording their versions: it derives their lifecycle, and follows the logs of the
 * containers of every pod that belongs to a story.
 */
import {
  choosesLine,
  type ChoosesLine,
  type Clock,
  errorMessage,
  field,
  LongList,
  type Scope,
  textField,
  pause,
} from "../base/index.ts";
import type { ApiClient } from "../cluster/index.ts";
import { type LogRedactionState, type PodSummary, stepPod } from "../normalise/index.ts";
import { type ObjectRecord, splitLogLine } from "../record/index.ts";
import {
  ContainerLog,
  type ContainerLogOptions,
  containersOf,
  type ContainerSight,
  LogSlots,
  LOG_DELAY_MS,
  type LogItem,
  type LogStart,
  type RecordedLog,
  type TakesLog,
  unseenContainersOf,
} from "../sources/index.ts";
import type { RecordingWriter } from "../archive/index.ts";
import { type DepartedPod, DepartedPods } from "./departed-pods.ts";
import type { CaptureOptions, LogSelection } from "./options.ts";
import { LogRecorder } from "./log-recorder.ts";
import { LogTurns } from "./log-turns.ts";
import type { Recorder } from "./recorder.ts";
import { type Rested, Resting } from "./resting.ts";
import type { Room } from "./room.ts";
import type { StatusHub } from "./status-hub.ts";

export interface PodsOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly hub: StatusHub;
  /** Owns the followers. */
  readonly tasks: Scope;
  readonly wanted: Pick<CaptureOptions, "includeLogs" | "maxLogStreams" | "logs">;
  readonly room: Pick<Room, "isHeld" | "released">;
  /** Logs wait until it has room for them. */
  readonly writer: Pick<RecordingWriter, "unwrittenBytes" | "durable">;
  /** What an earlier run left: instances by container id, and what their redaction left open, by stream. */
  readonly recorded: { readonly logs: Map<string, RecordedLog>; readonly redactions: Map<string, LogRedactionState> };
  readonly nextGap: () => string;
  /** Hears of every pod that is deleted. */
  readonly onDeparted: (uid: string, pod: DepartedPod) => void;
  /** See `ContainerLogOptions`. */
  readonly isCutOff: () => boolean;
}

/** A pod as an earlier run saw it last. */
export interface RestoredPod {
  readonly namespace: string;
  readonly name: string;
  readonly summary: PodSummary;
  readonly sights: readonly ContainerSight[];
  readonly isDeleting: boolean;
  readonly bornAt: number | undefined;
}

/** What its last version said, as far as the next one and its logs need it. */
interface PodState {
  summary: PodSummary | undefined;
  sights: readonly ContainerSight[];
  isDeleting: boolean;
  /** When it was created, if it was seen before any of its containers had run. */
  readonly bornAt: number | undefined;
}

interface Pod extends Rested<PodState> {
  readonly namespace: string;
  readonly name: string;
  /** Set as soon as the pod belongs to a story. */
  followed: Map<string, ContainerLog> | undefined;
}

/** True for the records that `Pods.see` wants. */
export function isPod(record: Pick<ObjectRecord, "resource">): boolean {
  return record.resource === "pods.v1";
}

export class Pods {
  readonly #options: PodsOptions;
  readonly #slots: LogSlots;
  readonly #turns: LogTurns;
  readonly #from: LogStart;
  /** Lines that are recorded; all of them unless given. */
  readonly #keeps: ChoosesLine | undefined;
  readonly #pods = new Map<string, Pod>();
  readonly #states = new Resting<PodState>();
  readonly #wanted = new Set<string>();
  readonly #departed = new DepartedPods();
  #active = 0;

  constructor(options: PodsOptions) {
    this.#options = options;
    this.#slots = new LogSlots(options.wanted.maxLogStreams, () => options.clock.monotonic());
    const { clock, writer } = options;
    const { logs = {} } = options.wanted;
    this.#from = startOf(logs, clock.now());
    this.#keeps = logs.drop === true ? choosesLine(logs.lines) : undefined;
    this.#turns = new LogTurns({ clock, unwrittenBytes: () => writer.unwrittenBytes, durable: () => writer.durable() });
  }

  /** Streams that are read now, and containers that wait for one. */
  get streams(): { readonly active: number; readonly waiting: number } {
    return { active: this.#slots.held, waiting: this.#slots.waiting };
  }

  /** Lets come what containers have written by now. */
  async lastLines(signal: AbortSignal): Promise<void> {
    if (this.#slots.held > 0) await pause(this.#options.clock, LOG_DELAY_MS, signal);
  }

  /** Containers that are followed, whether or not a stream is open this moment. */
  get followers(): number {
    return this.#active;
  }

  /** The pod belongs to a story: its logs are wanted from now on, including what the kubelet still has. */
  want(uid: string): void {
    if (this.#wanted.has(uid)) return;
    const departed = this.#departed.take(uid);
    if (departed !== undefined) {
      this.followDeparted(uid, departed);
      return;
    }
    this.#wanted.add(uid);
    const pod = this.#pods.get(uid);
    if (pod !== undefined) this.#followContainers(uid, pod);
  }

  /** Reads what there still is of the logs of a pod that was deleted, and says what there is not. */
  followDeparted(uid: string, { namespace, name, sights }: DepartedPod): void {
    const pod = this.#newPod(namespace, name, { sights, summary: undefined, isDeleting: true, bornAt: undefined });
    this.#followContainers(uid, pod);
    this.#gone(uid, pod);
  }

  /**
   * Seeds a pod from an earlier run: so nothing of its lifecycle is derived twice, and its logs are gone on with at once when it is
   * wanted. A watch that is resumed says nothing of a pod that does not change.
   */
  restore(uid: string, { namespace, name, ...state }: RestoredPod): void {
    this.#pods.set(uid, this.#newPod(namespace, name, state));
  }

  /** Pods that live, by uid, as their last versions say. */
  state(): Iterable<readonly [uid: string, pod: RestoredPod]> {
    return new LongList(this.#living());
  }

  *#living(): Generator<readonly [uid: string, pod: RestoredPod]> {
    for (const [uid, resting] of this.#pods) {
      const { namespace, name } = resting;
      const { summary, sights, isDeleting, bornAt: born } = this.#states.peek(resting);
      if (summary === undefined) continue;
      yield [uid, { namespace, name, summary, sights, isDeleting, bornAt: sights.length === 0 ? born : undefined }];
    }
  }

  /** Takes a version that was just recorded. */
  see(record: ObjectRecord, parsed: unknown): void {
    const known = this.#pods.get(record.uid);
    const remembered = known === undefined ? undefined : this.#states.wake(known);
    const sights = containersOf(parsed, remembered?.sights);
    const pod = known ?? this.#firstSeen(record, bornBefore(sights, parsed));
    const before = remembered ?? this.#states.wake(pod);
    const wasDeleting = before.isDeleting;
    const step = stepPod(before.summary, record, parsed);
    before.summary = step.summary;
    for (const draft of step.transitions) this.#options.recorder.note(draft);
    const state = this.#states.wake(pod);
    state.sights = sights;
    state.isDeleting = record.deleting === true || record.change === "DELETED";
    if (this.#wanted.has(record.uid)) this.#followContainers(record.uid, pod);
    if (record.change !== "DELETED") return;
    this.#options.onDeparted(record.uid, { namespace: pod.namespace, name: pod.name, sights });
    // A kubelet that ends a pod says first what became of its containers. By force the object goes before that.
    if (!wasDeleting && this.#wanted.has(record.uid)) this.#neverSeen(record.uid, pod, parsed);
    if (!this.#wanted.has(record.uid)) this.#departed.remember(record.uid, { namespace: pod.namespace, name: pod.name, sights });
    this.#gone(record.uid, pod);
  }

  #firstSeen(record: ObjectRecord, born: number | undefined): Pod {
    const state = { summary: undefined, sights: [], isDeleting: false, bornAt: born };
    const pod = this.#newPod(record.namespace ?? "", record.name, state);
    this.#pods.set(record.uid, pod);
    return pod;
  }

  #newPod(namespace: string, name: string, state: PodState): Pod {
    const pod: Pod = { namespace, name, followed: undefined, awake: state, form: "", own: "", isInUse: false };
    this.#states.seat(pod);
    return pod;
  }

  #gone(uid: string, pod: Pod): void {
    for (const log of pod.followed?.values() ?? []) log.podGone();
    this.#pods.delete(uid);
    this.#wanted.delete(uid);
  }

  /** Says of containers that may have run, and of which no version of the pod tells, that their logs were never to be had. */
  #neverSeen(uid: string, pod: Pod, parsed: unknown): void {
    const from = bornAt(parsed);
    for (const container of unseenContainersOf(parsed)) {
      if (!this.#isChosen(container) || pod.followed?.has(container) === true) continue;
      const detail = `the pod was deleted before its status showed whether ${container} had run`;
      const to = Number.POSITIVE_INFINITY;
      this.#records(uid, pod, container).record({ item: "log-gap", cause: "log-unavailable", detail, from, to });
    }
  }

  #isChosen(container: string): boolean {
    const { includeLogs, logs = {} } = this.#options.wanted;
    return includeLogs && logs.container?.test(container) !== false && logs.excludeContainer?.test(container) !== true;
  }

  #followContainers(uid: string, pod: Pod): void {
    const followed = (pod.followed ??= new Map());
    const { sights, isDeleting, bornAt: born } = this.#states.wake(pod);
    for (const sight of sights) {
      if (!this.#isChosen(sight.container)) continue;
      let log = followed.get(sight.container);
      if (log === undefined) {
        log = this.#containerLog(uid, pod, { sight, bornAt: born });
        followed.set(sight.container, log);
        log.see(sight, isDeleting);
        this.#start(pod, sight.container, log);
      } else {
        log.see(sight, isDeleting);
      }
    }
  }

  #containerLog(
    uid: string,
    pod: Pod,
    { sight, bornAt: born }: { readonly sight: ContainerSight; readonly bornAt: number | undefined },
  ): ContainerLog {
    const { client, clock, recorded, isCutOff } = this.#options;
    const { namespace, name } = pod;
    const keeps = this.#keeps;
    const options: ContainerLogOptions = {
      client,
      clock,
      slots: this.#slots,
      namespace,
      pod: name,
      podUid: uid,
      container: sight.container,
      kind: sight.kind,
      recorded: recorded.logs,
      bornAt: born,
      isCutOff,
      from: this.#from,
      ...(keeps === undefined ? {} : { wasRecorded: (line: Buffer) => keeps(splitLogLine(line).message.toString("utf8")) }),
    };
    return new ContainerLog(options, this.#recording(this.#records(uid, pod, sight.container)));
  }

  /** Records what comes of a container's log, when it is its turn. */
  #recording(records: LogRecorder): TakesLog {
    const { room } = this.#options;
    return (item) => {
      const turn = item.item === "lines" ? this.#turns.take(item.lines.bytes.length + 1) : undefined;
      if (turn !== undefined || room.isHeld) return this.#recordLater(records, item, turn);
      records.record(item);
      return undefined;
    };
  }

  async #recordLater(records: LogRecorder, item: LogItem, turn: Promise<void> | undefined): Promise<void> {
    await turn;
    if (this.#options.room.isHeld) await this.#options.room.released();
    records.record(item);
  }

  #records(uid: string, pod: Pod, container: string): LogRecorder {
    const { clock, recorder, hub, nextGap, recorded } = this.#options;
    return new LogRecorder(
      { clock, recorder, hub, nextGap, redactions: recorded.redactions, keeps: this.#keeps },
      { podUid: uid, container, source: `${pod.namespace}/${pod.name}/${container}` },
    );
  }

  #start(pod: Pod, container: string, log: ContainerLog): void {
    const source = `${pod.namespace}/${pod.name}/${container}`;
    this.#active++;
    this.#options.tasks.start(`log ${source}`, async (signal) => {
      try {
        await log.follow(signal);
      } catch (error) {
        this.#options.recorder.note({
          type: "incident",
          what: "log follower failed",
          detail: `${source}: ${errorMessage(error)}`,
        });
        throw error;
      } finally {
        this.#active--;
      }
    });
  }
}

/** When a pod was created of which no container had run by then; `undefined` when one had. */
export function bornBefore(sights: readonly ContainerSight[], pod: unknown): number | undefined {
  return sights.length === 0 ? bornAt(pod) : undefined;
}

/** When a pod was created, milliseconds since 1970. */
function bornAt(pod: unknown): number | undefined {
  const created = Date.parse(textField(field(pod, "metadata"), "creationTimestamp") ?? "");
  return Number.isNaN(created) ? undefined : created;
}

function startOf({ sinceMs, tailLines }: LogSelection, now: number): LogStart {
  return {
    startedBefore: now,
    ...(sinceMs === undefined ? {} : { sinceSecond: Math.floor((now - sinceMs) / 1_000) }),
    ...(tailLines === undefined ? {} : { tailLines }),
  };
}
