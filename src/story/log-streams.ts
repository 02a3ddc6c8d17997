/** The log streams of a recording: which container instance each belongs to, how far it came, how it ended. */
import { byNumber, type ChoosesLine, LongList, Numbering } from "../base/index.ts";
import type { ContainerInstance, LogEndRecord, LogRecord, LogStreamRecord } from "../record/index.ts";
import { NO_ROW } from "./columns.ts";
import { type MeasuredBlock, measureBlock, type RunningTime } from "./timeline.ts";

export interface LogStream {
  readonly id: string;
  /** Counts the streams in the order in which they were opened. */
  readonly number: number;
  instance: ContainerInstance | undefined;
  /** Shared by all streams of one instance: a log that is taken up again goes on where it was. */
  time: RunningTime;
  /** The first line's, by the Node's clock; undefined while none bears a time. */
  firstLine: number | undefined;
  lastRow: number;
  lines: number;
  /** Lines that no story tells, and lines that were not recorded, because the user did not want them. */
  untold: number;
  dropped: number;
  /** Time of the last line that is told. */
  toldUntil: number;
  end: { readonly outcome: "complete" | "incomplete"; readonly reason: string } | undefined;
}

/** Times are numbers here, as streams of one instance share theirs. */
export interface LogStreamsState {
  readonly streams: Iterable<Omit<LogStream, "time"> & { readonly time: number }>;
  readonly instances: Iterable<readonly [containerId: string, time: number]>;
  readonly times: Iterable<RunningTime>;
}

export class LogStreams {
  readonly #streams = new Map<string, LogStream>();
  /** By the uid of their pod: a thousand stories ask for theirs of a thousand pods. */
  readonly #ofPod = new Map<string, Set<LogStream>>();
  readonly #times = new Map<string, RunningTime>();

  /** To be gone over in the order of its members, before anything changes: parts of it are its own. */
  state(): LogStreamsState {
    const times = new Numbering<RunningTime>();
    return {
      streams: LongList.of(this.#streams.values(), (stream) => ({ ...stream, time: times.of(stream.time) })),
      instances: LongList.of(this.#times, ([containerId, time]) => [containerId, times.of(time)] as const),
      times: new LongList(times.all),
    };
  }

  restore({ streams, instances, times }: LogStreamsState): void {
    const named = byNumber([...times], "time");
    for (const state of streams) {
      const stream = { ...state, time: named(state.time) };
      this.#streams.set(stream.id, stream);
      if (stream.instance !== undefined) this.#join(stream, stream.instance.podUid);
    }
    for (const [containerId, time] of instances) this.#times.set(containerId, named(time));
  }

  bind(record: LogStreamRecord): void {
    const stream = this.#ensure(record.stream);
    const { containerId, podUid } = record.instance;
    if (stream.instance?.podUid !== podUid) this.#move(stream, podUid);
    const isOtherNow = stream.instance !== undefined && stream.instance.containerId !== containerId;
    stream.instance = record.instance;
    stream.end = undefined;
    // What a stream holds keeps its time when it turns out to be another instance's.
    if (isOtherNow && stream.lines === 0) stream.time = { latest: Number.NEGATIVE_INFINITY };
    const shared = isOtherNow ? undefined : this.#times.get(containerId);
    if (shared === undefined) this.#times.set(containerId, stream.time);
    else stream.time = shared;
  }

  /** Takes a block; returns its stream and what was measured. */
  take(record: LogRecord, chooses?: ChoosesLine): MeasuredBlock & { readonly stream: LogStream } {
    const stream = this.#ensure(record.stream);
    stream.end = undefined;
    const block = measureBlock(record, stream.time, chooses);
    if (block.isDated) stream.firstLine ??= block.time;
    stream.lines += block.lines;
    stream.untold += block.lines - (block.told?.lines ?? 0);
    stream.dropped += record.dropped ?? 0;
    stream.toldUntil = block.told?.to ?? stream.toldUntil;
    return { stream, ...block };
  }

  end(record: LogEndRecord): void {
    const stream = this.#ensure(record.stream);
    stream.dropped += record.dropped ?? 0;
    stream.end = { outcome: record.outcome, reason: record.reason };
  }

  /** The recorder died while it was following: what came after the last line is not known. */
  interrupt(): void {
    for (const stream of this.#streams.values())
      stream.end ??= { outcome: "incomplete", reason: "the recorder stopped before the log ended" };
  }

  /** Streams of the containers of these pods, in the order in which they were opened. */
  ofPods(uids: ReadonlySet<string>): readonly LogStream[] {
    const streams: LogStream[] = [];
    for (const uid of uids) streams.push(...(this.#ofPod.get(uid) ?? []));
    return streams.sort((a, b) => a.number - b.number);
  }

  #move(stream: LogStream, podUid: string): void {
    if (stream.instance !== undefined) this.#ofPod.get(stream.instance.podUid)?.delete(stream);
    this.#join(stream, podUid);
  }

  #join(stream: LogStream, podUid: string): void {
    const ofPod = this.#ofPod.get(podUid);
    if (ofPod === undefined) this.#ofPod.set(podUid, new Set([stream]));
    else ofPod.add(stream);
  }

  #ensure(id: string): LogStream {
    const known = this.#streams.get(id);
    if (known !== undefined) return known;
    const stream: LogStream = {
      id,
      number: this.#streams.size,
      instance: undefined,
      time: { latest: Number.NEGATIVE_INFINITY },
      firstLine: undefined,
      lastRow: NO_ROW,
      lines: 0,
      untold: 0,
      dropped: 0,
      toldUntil: Number.NEGATIVE_INFINITY,
      end: undefined,
    };
    this.#streams.set(id, stream);
    return stream;
  }
}
