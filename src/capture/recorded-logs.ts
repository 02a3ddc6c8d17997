/**
 * What is recorded of container logs, folded from its records: where each stream stands, and whether a secret was open at its end.
 * Secrets were taken out of what is recorded, so a line that lost one is known again by its timestamp and its place alone; nothing of
 * the secret needs to be kept for that.
 */
import { isoMs, LongList } from "../base/index.ts";
import { type LogRedactionState, stateAfterLogText } from "../normalise/index.ts";
import type { FaroRecord, IsoTime, LogRecord, LogStreamRecord, RecordingSource } from "../record/index.ts";
import { type RecordedBlock, type RecordedLog, RecordedTail, type RecordedTailState } from "../sources/index.ts";
import { logScope } from "./log-recorder.ts";

interface Stream {
  readonly podUid: string;
  /** Of its container's gaps. */
  readonly scope: string;
  containerId: string;
  readonly tail: RecordedTail;
  ended: boolean;
  redaction: LogRedactionState | undefined;
}

export type RecordedLogsState = Iterable<
  readonly [id: string, stream: Omit<Stream, "tail"> & { readonly tail: RecordedTailState }]
>;

export class RecordedLogs {
  readonly #streams = new Map<string, Stream>();
  readonly #byPod = new Map<string, Set<string>>();

  state(): RecordedLogsState {
    return LongList.of(this.#streams, ([id, { tail, ...stream }]) => [id, { ...stream, tail: tail.state() }] as const);
  }

  restore(state: RecordedLogsState): void {
    for (const [id, { tail, ...stream }] of state) this.#add(id, { ...stream, tail: new RecordedTail(tail) });
  }

  /** Takes the next record, which stands at `position`; those that do not concern logs are passed over. */
  accept(record: FaroRecord, position: number): void {
    if (record.type === "log-stream") this.#bind(record);
    else if (record.type === "log") this.#take(record, position);
    else if (record.type === "log-end") {
      const stream = this.#streams.get(record.stream);
      // A stream that the recorder's own stop ended is gone on with.
      if (stream !== undefined) stream.ended = record.reason !== "recording stopped";
    } else if (record.type === "gap" && record.cause === "rotation" && record.to !== undefined)
      this.#rotated(record.scope, record.to);
  }

  /** Nothing more will be said of a pod. */
  forget(podUid: string): void {
    for (const stream of this.#byPod.get(podUid) ?? []) this.#streams.delete(stream);
    this.#byPod.delete(podUid);
  }

  /** Instances whose log ended, by container id. */
  ended(): ReadonlySet<string> {
    return new Set([...this.#streams.values()].flatMap(({ containerId, ended }) => (ended ? [containerId] : [])));
  }

  /** By container id. Their last lines are read from the recording. */
  async logs(source: Pick<RecordingSource, "read">): Promise<Map<string, RecordedLog>> {
    const logs = new Map<string, RecordedLog>();
    const read = (position: number): Promise<RecordedBlock | undefined> => readBlock(source, position);
    for (const [stream, { containerId, tail, ended }] of this.#streams)
      logs.set(containerId, { stream, aligner: await tail.aligner(read), ended });
    return logs;
  }

  /** By stream: what the next block of it begins with. */
  redactions(): Map<string, LogRedactionState> {
    return new Map(
      [...this.#streams].flatMap(([stream, { redaction }]) => (redaction === undefined ? [] : [[stream, redaction] as const])),
    );
  }

  #bind({ stream, instance }: LogStreamRecord): void {
    const { containerId, podUid } = instance;
    const known = this.#streams.get(stream);
    const scope = logScope(instance);
    if (known === undefined)
      this.#add(stream, { podUid, scope, containerId, tail: new RecordedTail(), ended: false, redaction: undefined });
    else if (known.containerId !== containerId) Object.assign(known, { containerId, ended: false });
  }

  #add(id: string, stream: Stream): void {
    this.#streams.set(id, stream);
    const streams = this.#byPod.get(stream.podUid) ?? new Set();
    this.#byPod.set(stream.podUid, streams.add(id));
  }

  #rotated(scope: string, to: IsoTime): void {
    for (const stream of this.#streams.values()) if (stream.scope === scope && !stream.ended) stream.tail.told(isoMs(to) / 1_000);
  }

  #take(record: LogRecord, position: number): void {
    const stream = this.#streams.get(record.stream);
    if (stream === undefined) return;
    stream.tail.take(record, position);
    stream.redaction = stateAfterLogText(record.text, stream.redaction);
  }
}

/** What cannot be read is not expected to come again: lines of it may be recorded twice, and none is lost. */
async function readBlock(source: Pick<RecordingSource, "read">, position: number): Promise<RecordedBlock | undefined> {
  try {
    const record = await source.read(position);
    return record.type === "log" ? record : undefined;
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
