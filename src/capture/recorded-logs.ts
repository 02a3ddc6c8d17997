/**
 * What an earlier run recorded of container logs, folded from its records: where each stream stands, and whether a secret
 * was open at its end. Secrets were taken out of what is recorded, so a line that lost one is known again by its timestamp
 * and its place alone; nothing of the secret needs to be kept for that.
 */
import { isoMs } from "../base/index.ts";
import { type LogRedactionState, stateAfterLogText } from "../normalise/index.ts";
import type { FaroRecord, IsoTime, LogRecord, LogStreamRecord } from "../record/index.ts";
import { Aligner, type RecordedLog } from "../sources/index.ts";
import { logScope } from "./log-recorder.ts";

interface Stream {
  /** Of its container's gaps. */
  readonly scope: string;
  containerId: string;
  readonly aligner: Aligner;
  ended: boolean;
  redaction: LogRedactionState | undefined;
}

const REDACTED = "[REDACTED:";

export class RecordedLogs {
  readonly #streams = new Map<string, Stream>();

  /** Takes the next record; those that do not concern logs are passed over. */
  accept(record: FaroRecord): void {
    if (record.type === "log-stream") this.#bind(record);
    else if (record.type === "log") this.#take(record);
    else if (record.type === "log-end") {
      const stream = this.#streams.get(record.stream);
      // A stream that the recorder's own stop ended is gone on with.
      if (stream !== undefined) stream.ended = record.reason !== "recording stopped";
    } else if (record.type === "gap" && record.cause === "rotation" && record.to !== undefined)
      this.#rotated(record.scope, record.to);
  }

  /** By container id. */
  logs(): Map<string, RecordedLog> {
    return new Map(
      [...this.#streams].map(([stream, { containerId, aligner, ended }]) => [containerId, { stream, aligner, ended }]),
    );
  }

  /** By stream: what the next block of it begins with. */
  redactions(): Map<string, LogRedactionState> {
    return new Map(
      [...this.#streams].flatMap(([stream, { redaction }]) => (redaction === undefined ? [] : [[stream, redaction] as const])),
    );
  }

  #bind({ stream, instance }: LogStreamRecord): void {
    const { containerId } = instance;
    const known = this.#streams.get(stream);
    const scope = logScope(instance);
    if (known === undefined)
      this.#streams.set(stream, { scope, containerId, aligner: new Aligner(), ended: false, redaction: undefined });
    else if (known.containerId !== containerId) Object.assign(known, { containerId, ended: false });
  }

  #rotated(scope: string, to: IsoTime): void {
    for (const stream of this.#streams.values())
      if (stream.scope === scope && !stream.ended) stream.aligner.seams.told(isoMs(to) / 1_000);
  }

  #take(record: LogRecord): void {
    const stream = this.#streams.get(record.stream);
    if (stream === undefined) return;
    for (const line of record.text.split("\n"))
      stream.aligner.restore(Buffer.from(line, record.encoding), line.includes(REDACTED));
    stream.redaction = stateAfterLogText(record.text, stream.redaction);
  }
}
