/** From an arrival to the recording: lanes by uid, redaction and normalising, the pod's derived records. */
import { join } from "node:path";
import { type Clock, invariant, isoTime } from "../base/index.ts";
import type { RecordingWriter } from "../archive/index.ts";
import { type ApiResource, resourceName } from "../cluster/index.ts";
import { normaliseObject, relationsOf } from "../normalise/index.ts";
import type { ObjectRecord, Position } from "../record/index.ts";
import { type Arrival, Lane, type ObjectArrival, type VanishedArrival } from "./lane.ts";
import { isPod, type Pods } from "./pods.ts";
import type { Recorder } from "./recorder.ts";
import { ReadingPace } from "./reading-pace.ts";
import type { Room } from "./room.ts";
import { Spill, type SpilledArrival } from "./spill.ts";
import type { StatusHub } from "./status-hub.ts";

/** An arrival was not taken. */
export interface Refusal {
  readonly why: string;
  /** Resolves when it is worth offering it again. */
  readonly room: () => Promise<void>;
}

export interface IngestOptions {
  readonly clock: Clock;
  readonly directory: string;
  readonly workers: number;
  readonly bufferSize: number;
  readonly writer: Pick<RecordingWriter, "read">;
  readonly room: Pick<Room, "isFree" | "free">;
  readonly recorder: Recorder;
  readonly pods: Pods;
  readonly hub: StatusHub;
  readonly epoch: number;
  readonly redactionKey: Buffer;
  /** Where the last version of each live object stands in the recording. */
  readonly lastVersions: ReadonlyMap<string, Position>;
  readonly nextGap: () => string;
  /** Sees every object that was recorded. */
  readonly onObject: (record: ObjectRecord, parsed: unknown) => void;
}

/** Bytes that one lane holds in memory before it spills. */
const LANE_BYTES = 16 << 20;

export class Ingest {
  readonly #options: IngestOptions;
  readonly #lanes: readonly Lane[];
  readonly #spills: readonly Spill[];
  /** Every `seq` on its way, in rising order. */
  readonly #pending = new Set<number>();
  readonly #pace: ReadingPace;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#pace = new ReadingPace(options.clock);
    this.#spills = Array.from({ length: options.workers }, (_, number) => new Spill(join(options.directory, `spill-${number}`)));
    this.#lanes = this.#spills.map(
      (spill, number) =>
        new Lane({
          number,
          items: options.bufferSize,
          bytes: LANE_BYTES,
          spill,
          process: (arrival) => {
            if (arrival.arrival !== "object" || !options.room.isFree) return this.#processLater(arrival);
            this.#recordObject(arrival);
            this.#done(arrival.stamp.seq);
            return undefined;
          },
          onHigh: (items) => options.hub.tell({ status: "queue-spilled", lane: number, items }),
          onShed: (arrival, why) => this.#shed(arrival, why),
        }),
    );
  }

  get queued(): { readonly items: number; readonly bytes: number } {
    return {
      items: this.#lanes.reduce((sum, lane) => sum + lane.items, 0),
      bytes: this.#lanes.reduce((sum, lane) => sum + lane.bytes, 0),
    };
  }

  start(): void {
    this.#running = Promise.all(this.#lanes.map((lane) => lane.run()));
  }

  /** Lowest `seq` that was offered and is not in the recording yet. */
  get pendingFrom(): number | undefined {
    return this.#pending.values().next().value;
  }

  /** True when nothing is on its way and nothing need be waited for: then an object offered is recorded before `offer` returns. */
  get takesAtOnce(): boolean {
    return this.#pending.size === 0 && this.#options.room.isFree;
  }

  /**
   * Takes an arrival. All versions of one object take one lane, so they never overtake each other.
   * @returns `undefined`, or, when neither memory nor the disk has room, why, and what to wait for before it is offered again
   */
  offer(arrival: Arrival, uid: string): Refusal | undefined {
    if (arrival.arrival === "object" && this.takesAtOnce) {
      this.#recordObject(arrival);
      return undefined;
    }
    const lane = this.#lanes[laneOf(uid, this.#lanes.length)];
    invariant(lane !== undefined, "there is a lane for every uid");
    if (!lane.offer(arrival)) return { why: lane.refusal, room: () => lane.room() };
    this.#pending.add(arrival.stamp.seq);
    return undefined;
  }

  /**
   * For a producer that can wait a moment: resolves when all that was offered is recorded, or when reading must go on all the same.
   * `undefined` when there is nothing to wait for.
   */
  caughtUp(): Promise<unknown> | undefined {
    return this.#pending.size === 0 ? undefined : this.#pace.pause();
  }

  /** Processes what is queued and ends. */
  async drain(): Promise<void> {
    for (const lane of this.#lanes) lane.close();
    await this.#running;
    for (const spill of this.#spills) spill.close();
  }

  async #processLater(arrival: Arrival): Promise<void> {
    await this.#options.room.free();
    if (arrival.arrival === "object") this.#recordObject(arrival);
    else await this.#recordVanished(arrival);
    this.#done(arrival.stamp.seq);
  }

  #done(seq: number): void {
    this.#pending.delete(seq);
    if (this.#pending.size === 0) this.#pace.caughtUp();
  }

  #recordObject(arrival: ObjectArrival): void {
    const { recorder, redactionKey } = this.#options;
    const { object, resource } = arrival;
    const record = normaliseObject({
      stamp: arrival.stamp,
      epoch: arrival.epoch ?? this.#options.epoch,
      scope: arrival.scope,
      change: arrival.change,
      observedBy: arrival.observedBy,
      late: arrival.isLate === true,
      resource: identityOf(resource),
      raw: object.raw,
      parsed: object.parsed,
      slices: object.slices,
      stencil: object.stencil,
      redactionKey,
    });
    const relations = record.late === true ? undefined : relationsOf(record, object.parsed);
    recorder.write(record, relations);
    // A late version is history; the object's state has moved on.
    if (record.late === true) return;
    this.#afterObject(record, object.parsed);
  }

  /** A deletion nobody saw: told with the last state that was. */
  async #recordVanished(arrival: VanishedArrival): Promise<void> {
    const { writer, recorder, lastVersions, room } = this.#options;
    const position = lastVersions.get(arrival.uid);
    const last = position === undefined ? undefined : await writer.read(position);
    await room.free();
    if (last?.type !== "object") {
      const { seq, receivedAt } = arrival.stamp;
      recorder.write({
        type: "incident",
        seq,
        at: isoTime(receivedAt),
        scope: arrival.scope,
        what: "vanished object without a last version",
        detail: arrival.uid,
      });
      return;
    }
    const { stamp, how } = arrival;
    const { finalStateUnknown: _, late: __, ...state } = last;
    const record: ObjectRecord = {
      ...state,
      seq: stamp.seq,
      at: isoTime(stamp.receivedAt),
      epoch: arrival.epoch ?? this.#options.epoch,
      change: "DELETED",
      observedBy: how.observedBy,
      synthetic: true,
      because: how.because,
      ...(how.after === undefined ? {} : { afterVersion: how.after }),
      ...(how.by === undefined ? {} : { byVersion: how.by }),
      ...(how.isFinalState ? {} : { finalStateUnknown: true }),
    };
    const parsed: unknown = JSON.parse(record.raw.toString("utf8"));
    recorder.write(record, relationsOf(record, parsed));
    this.#afterObject(record, parsed);
  }

  #afterObject(record: ObjectRecord, parsed: unknown): void {
    if (isPod(record)) this.#options.pods.see(record, parsed);
    this.#options.onObject(record, parsed);
  }

  #shed({ stamp, scope, uid }: SpilledArrival, why: string): void {
    const { recorder, hub, nextGap } = this.#options;
    this.#done(stamp.seq);
    const at = isoTime(stamp.receivedAt);
    const gap = {
      type: "gap",
      gap: nextGap(),
      scope,
      cause: "shed",
      detail: `what a full lane had spilled could not be read back: ${why}`,
      uid,
      from: at,
      to: at,
    } as const;
    recorder.write({ ...gap, state: "opened", seq: stamp.seq, at });
    const closed = recorder.note({ ...gap, state: "closed", repaired: "none", visibleChange: true });
    if (closed.type === "gap") hub.tell({ status: "gap-closed", gap: closed });
  }
}

type ResourceIdentity = Parameters<typeof normaliseObject>[0]["resource"];

/** One for all versions of a kind. */
const identities = new WeakMap<ApiResource, ResourceIdentity>();

function identityOf(resource: ApiResource): ResourceIdentity {
  const known = identities.get(resource);
  if (known !== undefined) return known;
  const identity = { name: resourceName(resource), apiVersion: resource.apiVersion, kind: resource.kind };
  identities.set(resource, identity);
  return identity;
}

function laneOf(uid: string, lanes: number): number {
  let hash = 0;
  for (let at = 0; at < uid.length; at++) hash = (Math.imul(hash, 31) + uid.charCodeAt(at)) >>> 0;
  return hash % lanes;
}
