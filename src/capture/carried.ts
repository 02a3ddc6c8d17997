/**
 * What a run hands on to the next one beside stories and attribution: where its watches and logs stand, and what it asked for. Folded
 * from the records as they are appended, and as they are read again, by the same code: so a run that dies at any moment has handed on
 * what its recording says.
 */
import { isoMs, LongList } from "../base/index.ts";
import type { Want } from "../correlate/index.ts";
import type { FaroRecord, Position, RunRecord } from "../record/index.ts";
import { type DepartedPod, UnreadLogs, type UnreadLogsState } from "./departed-pods.ts";
import { isPod } from "./pods.ts";
import { RecordedLogs, type RecordedLogsState } from "./recorded-logs.ts";
import { RecoveredScopes, type RecoveredScopesState } from "./recovered-scopes.ts";

export interface CarriedState {
  readonly scopes: RecoveredScopesState;
  readonly logs: RecordedLogsState;
  readonly unread: UnreadLogsState;
  readonly lastVersions: Iterable<readonly [uid: string, position: Position]>;
  readonly wantedPods: Iterable<string>;
  readonly podsOfStories: Iterable<string>;
  readonly wants: Iterable<Want>;
  readonly clusterId: string | undefined;
  readonly epoch: number;
  readonly stoppedAt: number | undefined;
  readonly gaps: number;
}

export class Carried {
  readonly scopes: RecoveredScopes = new RecoveredScopes();
  readonly logs: RecordedLogs = new RecordedLogs();
  /** Where the last version of each live object stands in the recording. */
  readonly lastVersions: Map<string, Position> = new Map();
  /** Pods whose logs were asked for. */
  readonly wantedPods: Set<string> = new Set();
  readonly #unread = new UnreadLogs();
  /** Pods of stories, deleted ones included. */
  readonly #podsOfStories = new Set<string>();
  readonly #wants: Want[] = [];
  #clusterId: string | undefined;
  #epoch = 0;
  #stoppedAt: number | undefined;
  #gaps = 0;

  /** Kinds and owners that the records asked for. */
  get wants(): readonly Want[] {
    return this.#wants;
  }

  /** The cluster that was recorded last. */
  get clusterId(): string | undefined {
    return this.#clusterId;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Milliseconds since 1970 of the latest record; `undefined` when there is none. */
  get stoppedAt(): number | undefined {
    return this.#stoppedAt;
  }

  /** Records of gaps. */
  get gaps(): number {
    return this.#gaps;
  }

  /** To be gone over before anything changes: parts of it are its own. */
  state(): CarriedState {
    return {
      scopes: this.scopes.state(),
      logs: this.logs.state(),
      unread: this.#unread.state(),
      lastVersions: new LongList(this.lastVersions),
      wantedPods: new LongList(this.wantedPods),
      podsOfStories: new LongList(this.#podsOfStories),
      wants: new LongList(this.#wants),
      clusterId: this.#clusterId,
      epoch: this.#epoch,
      stoppedAt: this.#stoppedAt,
      gaps: this.#gaps,
    };
  }

  restore(state: CarriedState): void {
    this.scopes.restore(state.scopes);
    this.logs.restore(state.logs);
    this.#unread.restore(state.unread);
    for (const [uid, position] of state.lastVersions) this.lastVersions.set(uid, position);
    for (const uid of state.wantedPods) this.wantedPods.add(uid);
    for (const uid of state.podsOfStories) this.#podsOfStories.add(uid);
    this.#wants.push(...state.wants);
    this.#clusterId = state.clusterId;
    this.#epoch = state.epoch;
    this.#stoppedAt = state.stoppedAt;
    this.#gaps = state.gaps;
  }

  /** Takes a record that stands at `position`, before what follows from it. */
  accept(record: FaroRecord, position: Position): void {
    // Headers and seals are the archive's, and a run that writes them does not see them.
    if (record.seq === 0) return;
    this.#stoppedAt = Math.max(this.#stoppedAt ?? 0, isoMs(record.at));
    this.scopes.accept(record);
    this.logs.accept(record, position);
    this.#unread.accept(record);
    if (record.type === "gap") this.#gaps++;
    else if (record.type === "run") {
      if (this.isOfAnotherCluster(record)) this.#forgetCluster();
      this.#clusterId = record.clusterId ?? this.#clusterId;
      this.#epoch = Math.max(this.#epoch, record.epoch);
    } else if (record.type === "object" && record.late !== true) {
      // Of a late version its object has moved on: it changes no state.
      if (record.change !== "DELETED") this.lastVersions.set(record.uid, position);
      else {
        this.lastVersions.delete(record.uid);
        if (isPod(record)) this.wantedPods.delete(record.uid);
      }
    }
  }

  /** Whether a run that begins records another cluster than the one before. */
  isOfAnotherCluster({ clusterId }: Pick<RunRecord, "clusterId">): boolean {
    return clusterId !== undefined && this.#clusterId !== undefined && clusterId !== this.#clusterId;
  }

  /** Something was asked for because of the record taken last. */
  want(want: Want): void {
    if (want.want !== "logs") this.#wants.push(want);
    else {
      this.wantedPods.add(want.podUid);
      this.#podsOfStories.add(want.podUid);
    }
  }

  /** A pod was deleted; `pod` is what its last version says. */
  depart(uid: string, pod: DepartedPod): void {
    this.#unread.depart(uid, pod);
  }

  /** Nothing more will be said of these objects. */
  forget(uids: readonly string[]): void {
    for (const uid of uids) {
      this.logs.forget(uid);
      this.#unread.forget(uid);
      this.wantedPods.delete(uid);
      this.#podsOfStories.delete(uid);
    }
  }

  /** Deleted pods of stories whose logs were not read to the end, by uid. */
  unreadPods(): ReadonlyMap<string, DepartedPod> {
    return this.#unread.result(this.#podsOfStories, this.logs.ended());
  }

  /** Another cluster: its versions say nothing about the objects of this one. */
  #forgetCluster(): void {
    this.scopes.clear();
    this.#podsOfStories.clear();
    this.lastVersions.clear();
  }
}
