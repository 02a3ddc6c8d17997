/**
 * Reads one segment from its begin to its end in large pieces. Every byte comes out exactly once: as a record,
 * as damage with its place, or as the torn tail that a crash leaves.
 */
import { LineSplitter } from "../base/index.ts";
import { decodeRecord, type FaroRecord, LINE_START } from "../record/index.ts";
import type { OpenFile } from "./file-layer.ts";
import { reasonOf } from "./messages.ts";

/** Bytes of a segment, `start` to `end` (exclusive), and what they are. */
export type ScannedLine =
  | { readonly found: "record"; readonly start: number; readonly end: number; readonly record: FaroRecord }
  | { readonly found: "damage"; readonly start: number; readonly end: number; readonly line: number; readonly reason: string }
  /** No newline at the end: written when the process died, or being written now. */
  | { readonly found: "torn-tail"; readonly start: number; readonly end: number; readonly line: number };

const READ_BYTES = 1024 * 1024;

/** Where a scan begins: a line's start, and how many lines stand in front of it. */
export interface ScanStart {
  readonly offset: number;
  readonly lines: number;
}

/** Yields the lines of a segment in batches, one per read. `end` is the length to read, `Infinity` for all there is. */
export async function* scanSegment(
  file: OpenFile,
  end: number,
  start: ScanStart = { offset: 0, lines: 0 },
): AsyncGenerator<readonly ScannedLine[]> {
  const splitter = new LineSplitter();
  let position = start.offset;
  let lineStart = start.offset;
  let lineNumber = start.lines;
  while (position < end) {
    // A new buffer for each read: records are views of it, and only their reader knows how long he keeps them.
    const chunk = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, end - position));
    const count = await file.read(chunk, position);
    if (count === 0) break;
    position += count;
    const batch: ScannedLine[] = [];
    for (const line of splitter.push(chunk.subarray(0, count))) {
      lineNumber++;
      readLine(line, { start: lineStart, line: lineNumber }, batch);
      lineStart += line.length + 1;
    }
    yield batch;
  }
  if (splitter.pendingBytes > 0)
    yield [{ found: "torn-tail", start: lineStart, end: lineStart + splitter.pendingBytes, line: lineNumber + 1 }];
}

interface Place {
  readonly start: number;
  readonly line: number;
}

function readLine(text: Buffer, place: Place, into: ScannedLine[]): void {
  try {
    into.push({ found: "record", start: place.start, end: place.start + text.length + 1, record: decodeRecord(text) });
  } catch (error) {
    salvage(text, { ...place, reason: reasonOf(error) }, into);
  }
}

/**
 * A damaged line may hold whole ones: a flipped newline glues two, and a file system that lost power can leave
 * zeros in front of one. They begin with `LINE_START`, and their checksum says whether they really are lines.
 */
function salvage(text: Buffer, damage: Place & { readonly reason: string }, into: ScannedLine[]): void {
  let done = 0;
  for (let at = 0; at !== -1;) {
    const next = text.indexOf(LINE_START, at + 1);
    const record = tryDecode(text.subarray(at, next === -1 ? text.length : next - 1));
    if (record !== undefined) {
      if (at > done) into.push(damaged(damage, done, at));
      done = next === -1 ? text.length + 1 : next;
      into.push({ found: "record", start: damage.start + at, end: damage.start + done, record });
    }
    at = next;
  }
  if (done <= text.length) into.push(damaged(damage, done, text.length + 1));
}

function damaged(damage: Place & { readonly reason: string }, from: number, to: number): ScannedLine {
  return { found: "damage", start: damage.start + from, end: damage.start + to, line: damage.line, reason: damage.reason };
}

/** The reason of a failure is known already: it is that of the whole line. */
function tryDecode(text: Buffer): FaroRecord | undefined {
  try {
    return decodeRecord(text);
  } catch {
    return undefined;
  }
}
