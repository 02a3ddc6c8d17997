/** Turns what comes out of following one container's logs into records. */
import { type ChoosesLine, type Clock, isoTime, unreachable } from "../base/index.ts";
import { initialLogRedaction, keepLines, type LogRedactionState, normaliseLogBlock } from "../normalise/index.ts";
import type { LogRecord } from "../record/index.ts";
import type { LogItem } from "../sources/index.ts";
import type { Recorder } from "./recorder.ts";
import type { StatusHub } from "./status-hub.ts";

export interface LogRecorderOptions {
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly hub: StatusHub;
  readonly nextGap: () => string;
  /** What earlier blocks left open, by stream. */
  readonly redactions: Map<string, LogRedactionState>;
  /** Lines for which it is false are counted and not recorded; every line is recorded unless given. */
  readonly keeps: ChoosesLine | undefined;
}

/** Whose logs they are. */
export interface LogSubject {
  readonly podUid: string;
  readonly container: string;
  /** `default/web-0/app`, for people. */
  readonly source: string;
}

type Item<K extends LogItem["item"]> = Extract<LogItem, { item: K }>;

/** What gaps of a container's log name as their scope. */
export function logScope({ podUid, container }: Pick<LogSubject, "podUid" | "container">): string {
  return `log:${podUid}/${container}`;
}

/** One per container. */
export class LogRecorder {
  readonly #options: LogRecorderOptions;
  readonly #of: LogSubject;
  /** Lines left out of each stream since its last block. */
  readonly #dropped = new Map<string, number>();
  #behind: { readonly gap: string; readonly cause: "deferred" | "unreachable"; readonly from: number } | undefined;

  constructor(options: LogRecorderOptions, of: LogSubject) {
    this.#options = options;
    this.#of = of;
  }

  record(item: LogItem): void {
    const { recorder, hub, redactions } = this.#options;
    const { source } = this.#of;
    switch (item.item) {
      case "stream-bound":
        recorder.note({ type: "log-stream", stream: item.stream, instance: item.instance });
        hub.tell({ status: "log-stream-opened", stream: item.stream, source });
        return;
      case "lines":
        this.#lines(item);
        return;
      case "stream-ended":
        redactions.delete(item.stream);
        this.#ended(item);
        hub.tell({ status: "log-stream-ended", stream: item.stream, source, outcome: item.outcome, why: item.reason });
        return;
      case "log-gap":
        this.#gap(item);
        return;
      case "log-behind":
        this.#fallenBehind(item);
        return;
      case "incident":
        recorder.note({ type: "incident", scope: this.#scope, what: item.what, detail: item.detail });
        hub.tell({ status: "incident", what: item.what, detail: item.detail });
        return;
      default:
        unreachable(item);
    }
  }

  get #scope(): string {
    return logScope(this.#of);
  }

  #lines(item: Item<"lines">): void {
    const { recorder, redactions, keeps } = this.#options;
    const block = normaliseLogBlock({
      // Lines that are left out have no number.
      stamp: keeps === undefined ? recorder.stamp(item.lines.length) : { seq: 0, receivedAt: 0 },
      stream: item.stream,
      lines: item.lines,
      unterminated: item.unterminated,
      continues: item.continues,
      redaction: redactions.get(item.stream) ?? initialLogRedaction,
    });
    redactions.set(item.stream, block.state);
    if (keeps === undefined) recorder.write(block.record);
    else this.#kept(block.record, keeps);
  }

  #kept(block: LogRecord, keeps: ChoosesLine): void {
    const { recorder } = this.#options;
    const { record, dropped } = keepLines(block, keeps);
    const all = dropped + (this.#dropped.get(block.stream) ?? 0);
    this.#dropped.set(block.stream, record === undefined ? all : 0);
    if (record === undefined) return;
    const { seq, receivedAt } = recorder.stamp(record.count);
    recorder.write({ ...record, seq, at: isoTime(receivedAt), ...(all === 0 ? {} : { dropped: all }) });
  }

  #ended({ stream, outcome, reason, lines }: Item<"stream-ended">): void {
    const dropped = this.#dropped.get(stream) ?? 0;
    this.#dropped.delete(stream);
    const left = dropped === 0 ? {} : { dropped };
    this.#options.recorder.note({ type: "log-end", stream, outcome, reason, lines, ...left });
  }

  #gap(item: Item<"log-gap">): void {
    const { cause, detail } = item;
    const now = this.#options.clock.now();
    const gap = this.#options.nextGap();
    if (item.to === Number.POSITIVE_INFINITY) {
      this.#opened({ gap, cause, detail, from: item.from ?? now });
      return;
    }
    const bounds = { from: item.from ?? item.to ?? now, to: item.to ?? now };
    this.#opened({ gap, cause, detail, ...bounds });
    this.#closed({ gap, cause, detail, ...bounds, repaired: "none" });
  }

  #fallenBehind(item: Item<"log-behind">): void {
    if (item.state === "opened") {
      this.#behind = { gap: this.#options.nextGap(), cause: item.cause, from: item.from };
      this.#opened({ ...this.#behind, detail: item.detail });
    } else if (this.#behind !== undefined) {
      // What was missed for good has a gap of its own, with its own bounds.
      this.#closed({ ...this.#behind, to: this.#options.clock.now(), repaired: item.isRead ? "full" : "none" });
      this.#behind = undefined;
    }
  }

  #opened(gap: Bounds & { readonly detail: string }): void {
    const { recorder, hub } = this.#options;
    const record = recorder.note({ ...this.#gapRecord(gap), state: "opened" });
    if (record.type === "gap") hub.tell({ status: "gap-opened", gap: record });
  }

  #closed(gap: Bounds & { readonly to: number; readonly repaired: "none" | "full" }): void {
    const { recorder, hub } = this.#options;
    const visibleChange = gap.repaired === "none";
    const record = recorder.note({ ...this.#gapRecord(gap), state: "closed", repaired: gap.repaired, visibleChange });
    if (record.type === "gap") hub.tell({ status: "gap-closed", gap: record });
  }

  #gapRecord({ gap, cause, detail, from, to }: Bounds) {
    const bounds = { from: isoTime(from), ...(to === undefined ? {} : { to: isoTime(to) }) };
    return {
      type: "gap",
      gap,
      scope: this.#scope,
      cause,
      ...(detail === undefined ? {} : { detail }),
      uid: this.#of.podUid,
      ...bounds,
    } as const;
  }
}

interface Bounds {
  readonly gap: string;
  readonly cause: Item<"log-gap">["cause"] | "deferred" | "unreachable";
  readonly detail?: string;
  readonly from: number;
  readonly to?: number;
}
