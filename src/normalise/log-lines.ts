/**
 * Lines of one log stream, from the wire to a record: bytes kept, secrets taken out, line by line. Lines are
 * never joined, split, dropped or reordered.
 */
import { isUtf8 } from "node:buffer";
import { type ChoosesLine, isoTime, type Stamp } from "../base/index.ts";
import { type LogRecord, splitLogLine, textOfLine } from "../record/index.ts";
import type { LineBlock } from "../sources/index.ts";
import { type LogRedactionState, redactLogText, type RedactedLog } from "./redact-log.ts";
import { mayHoldShapesIn } from "./redaction/hints.ts";

/** Whole lines as the API sent them, without newlines, each still with its timestamp. */
export interface LogBlockInput {
  readonly stamp: Stamp;
  readonly stream: string;
  /** At least one. */
  readonly lines: LineBlock;
  /** True when the last line ended without a newline. */
  readonly unterminated: boolean;
  /** True when the last line is the beginning of a longer one. */
  readonly continues?: boolean;
  /** What the block before it in the same stream left: a PEM block may go on. `initialLogRedaction` for the first. */
  readonly redaction: LogRedactionState;
}

export interface LogBlock {
  readonly record: LogRecord;
  /** To be handed in with the next block of the stream. */
  readonly state: LogRedactionState;
}

/** A block without some of its lines; `undefined` when none is left. */
export interface KeptLines {
  readonly record: LogRecord | undefined;
  readonly dropped: number;
}

/**
 * Leaves out the lines that the user does not want recorded. Behind redaction: a private key is known by its first line, wanted or not.
 * `record.seq` is to be given anew, for the lines that are left. A piece of a longer line stays.
 */
export function keepLines(record: LogRecord, chooses: ChoosesLine): KeptLines {
  const lines = record.text.split("\n");
  const isKept = (line: string, at: number): boolean =>
    (record.continues === true && at === lines.length - 1) || chooses(textOfLine(splitLogLine(line).message, record.encoding));
  const kept = lines.filter(isKept);
  const dropped = lines.length - kept.length;
  if (dropped === 0) return { record, dropped };
  if (kept.length === 0) return { record: undefined, dropped };
  const { unterminated, ...rest } = record;
  const endsSo = unterminated === true && isKept(lines.at(-1) ?? "", lines.length - 1);
  return { record: { ...rest, ...(endsSo ? { unterminated } : {}), count: kept.length, text: kept.join("\n") }, dropped };
}

/** One record for the block. Bytes that are no UTF-8 are stored as `latin1`: one character per byte, reversible. */
export function normaliseLogBlock(input: LogBlockInput): LogBlock {
  const { bytes } = input.lines;
  const encoding = isUtf8(bytes) ? "utf8" : "latin1";
  const redacted = redactedText(bytes, bytes.toString(encoding), input.redaction);
  return {
    state: redacted.state,
    record: {
      type: "log",
      seq: input.stamp.seq,
      at: isoTime(input.stamp.receivedAt),
      stream: input.stream,
      count: input.lines.length,
      encoding,
      ...(input.unterminated ? { unterminated: true } : {}),
      ...(input.continues === true ? { continues: true } : {}),
      ...(redacted.redactions === 0 ? {} : { redactions: redacted.redactions }),
      text: redacted.text,
    },
  };
}

/** One look at the bytes does for nearly every block, also of a log that is full of addresses. */
function redactedText(bytes: Buffer, text: string, state: LogRedactionState): RedactedLog {
  const isPlain = state.keyLinesLeft === 0 && !mayHoldShapesIn(bytes);
  return isPlain ? { text, redactions: 0, state } : redactLogText(text, state);
}
