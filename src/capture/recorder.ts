/**
 * The one place where a record enters the recording: stamped, appended, indexed, correlated, in this order and without a
 * pause between, so that every reader of these three sees the same sequence.
 */
import { type Clock, isoTime, type Stamp, type Stamper, unreachable } from "../base/index.ts";
import type { RecordingWriter } from "../archive/index.ts";
import { correlationId, type CorrelationStep, type Correlator, type Want } from "../correlate/index.ts";
import type {
  CorrelationId,
  FaroRecord,
  GapRecord,
  ObjectRecord,
  ObjectRelations,
  Position,
  StoryRecord,
} from "../record/index.ts";
import type { StoryIndex } from "../story/index.ts";
import type { Carried } from "./carried.ts";
import type { StatusHub } from "./status-hub.ts";

/** A record before it is stamped. */
export type Unstamped<T extends FaroRecord = FaroRecord> = T extends unknown ? Omit<T, "seq" | "at"> : never;

export interface RecorderParts {
  readonly clock: Clock;
  readonly stamper: Stamper;
  readonly writer: RecordingWriter;
  readonly correlator: Correlator;
  readonly index: StoryIndex;
  readonly carried: Carried;
  readonly hub: StatusHub;
  readonly onWant: (want: Want) => void;
  readonly onStory: (record: StoryRecord) => void;
  readonly onGap: (record: GapRecord) => void;
}

export class Recorder {
  readonly #parts: RecorderParts;
  #counts: Record<string, number> = {};
  #changes = 0;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** The last `seq` that was given out. */
  get lastSeq(): number {
    return this.#parts.stamper.nextSeq - 1;
  }

  /** Rises whenever what is known of the recording changes. */
  get changes(): number {
    return this.#changes;
  }

  /** Marks an arrival. */
  stamp(count: number = 1): Stamp {
    return this.#parts.stamper.next(count);
  }

  /** Appends what was derived here and now. */
  note(record: Unstamped): FaroRecord {
    const stamp = this.stamp();
    // `Object.assign` keeps one hidden class; a spread makes a new one each time, 13 MB of garbage in 40,000 records.
    const stamped: FaroRecord = Object.assign({}, record, { seq: stamp.seq, at: isoTime(stamp.receivedAt) });
    this.write(stamped);
    return stamped;
  }

  /** Appends what befell the recorder itself, and tells of it. */
  incident(what: string, detail: string): void {
    this.note({ type: "incident", what, detail });
    this.#parts.hub.tell({ status: "incident", what, detail });
  }

  /** Appends a stamped record and everything that follows from it. `relations`: what an object's version states about others. */
  write(record: FaroRecord, relations?: ObjectRelations): Position {
    const { writer, index, correlator, carried } = this.#parts;
    this.#changes++;
    const position = writer.append(record);
    carried.accept(record, position);
    index.accept(record, position);
    const step = correlator.accept(record, relations);
    // Only now is it known whether the record opened a story, as the first version of a root does.
    this.#count(record);
    if (record.type === "gap") this.#parts.onGap(record);
    this.#follow(step);
    return position;
  }

  /** Lets time pass for stories that wait for more. */
  tick(): void {
    this.#changes++;
    this.#follow(this.#parts.correlator.tick(this.#parts.clock.now()));
  }

  /** Completes every open story. */
  completeAll(): void {
    this.#changes++;
    this.#follow(this.#parts.correlator.stop(this.#parts.clock.now()));
  }

  storiesOf(uid: string): readonly CorrelationId[] {
    return this.#parts.correlator.storiesOf(uid);
  }

  /** Counts by event type since the last call, for one `batch-written`. */
  takeCounts(): Readonly<Record<string, number>> {
    const counts = this.#counts;
    this.#counts = {};
    return counts;
  }

  #follow(step: CorrelationStep): void {
    for (const record of step.records) {
      const stamped = this.note(record);
      if (stamped.type === "story") this.#parts.onStory(stamped);
    }
    const { onWant, index, carried } = this.#parts;
    for (const want of step.wants) {
      carried.want(want);
      onWant(want);
    }
    if (step.forgotten === undefined) return;
    for (const uid of step.forgotten) index.forget(uid);
    carried.forget(step.forgotten);
  }

  #count(record: FaroRecord): void {
    const type = eventTypeOf(record, (uid) => this.storiesOf(uid));
    if (type === undefined) return;
    this.#counts[type] = (this.#counts[type] ?? 0) + (record.type === "log" ? record.count : 1);
  }
}

/** Whether an object is the root of one of the stories that it belongs to. */
export function isRootOf(object: Pick<ObjectRecord, "kind" | "uid">, stories: readonly CorrelationId[]): boolean {
  return stories.length > 0 && stories.includes(correlationId(object));
}

/** The story's word for what a record will be; `undefined` for the recording's own book-keeping. */
function eventTypeOf(record: FaroRecord, storiesOf: (uid: string) => readonly CorrelationId[]): string | undefined {
  switch (record.type) {
    case "object":
      if (record.kubeEvent !== undefined) return "K8S_EVENT";
      return isRootOf(record, storiesOf(record.uid)) ? "RESOURCE_UPDATE" : "CORRELATED_EVENT";
    case "lifecycle":
      return "POD_LIFECYCLE";
    case "log":
      return "CONTAINER_LOG";
    case "gap":
      return "RECORDING_GAP";
    case "faro-recording":
    case "run":
    case "scope":
    case "log-stream":
    case "log-end":
    case "story":
    case "attribution":
    case "relation":
    case "incident":
    case "checkpoint":
    case "seal":
      return undefined;
    default:
      return unreachable(record);
  }
}
