/**
 * A recording by its indexes: which segment holds what, and single lines of it, read where they stand. Only heads are kept in
 * memory. Reading is synchronous, for a server that answers one person. A segment without a usable index is read once, whole.
 */
import { closeSync, existsSync, openSync } from "node:fs";
import { invariant } from "../base/index.ts";
import { decodeRecord, type FaroRecord } from "../record/index.ts";
import { diskLayer } from "./file-layer.ts";
import { indexFile } from "./layout.ts";
import { noRecording } from "./messages.ts";
import { openSegment } from "./packed-segment.ts";
import { openSegmentText, readBytes, type SegmentText } from "./segment-text.ts";
import { scanSegment } from "./scan-segment.ts";
import { checkVersions, listSegments } from "./segments.ts";
import {
  decodeLast,
  decodeVersions,
  INDEX_VERSION,
  type IndexHead,
  type IndexLogs,
  type IndexVersions,
  SegmentIndexer,
  type VersionColumns,
} from "./segment-index.ts";

export interface IndexedSegment {
  readonly head: IndexHead;
  /** Of each object the newest version. */
  last(): VersionColumns;
  versions(): IndexVersions;
  logs(): IndexLogs;
  /** The record at an offset. @throws FaroError `FARO_RECORDING_DAMAGED` */
  read(offset: number): FaroRecord;
}

export interface RecordingIndex {
  readonly segments: readonly IndexedSegment[];
  close(): void;
}

/**
 * Opens every segment below `directory`.
 * @returns `undefined` when the recording is so small that it is better held in memory, or has segments that cannot be read from the
 *   middle: those that `gzip` packed, and packed ones that lack their end
 * @throws FaroError `FARO_RECORDING_DAMAGED` (there is none), `FARO_RECORDING_TOO_NEW`
 */
export async function openRecordingIndex(directory: string, heldBytesMax: number): Promise<RecordingIndex | undefined> {
  const numbers = await listSegments(diskLayer, directory);
  if (numbers.length === 0) throw noRecording(directory);
  await checkVersions(diskLayer, directory, numbers);
  const texts: SegmentText[] = [];
  for (const number of numbers) {
    const text = await openSegmentText(directory, number);
    if (text !== undefined) texts.push(text);
  }
  const bytes = texts.reduce((sum, { size }) => sum + size, 0);
  if (texts.length < numbers.length || bytes <= heldBytesMax) {
    for (const text of texts) text.close();
    return undefined;
  }
  const segments: Segment[] = [];
  for (const text of texts) {
    const { segment, size } = text;
    segments.push(new Segment(text, openParts(indexFile(directory, segment), size) ?? (await deriveParts(directory, segment))));
  }
  return { segments, close: () => segments.forEach((segment) => segment.close()) };
}

/** The parts of an index, read when they are asked for. */
interface Parts {
  part(number: number): Buffer;
  close(): void;
}

/** `undefined` when there is no index, or one of another state of the segment, or one that cannot be read. */
function openParts(path: string, segmentBytes: number): Parts | undefined {
  if (!existsSync(path)) return undefined;
  const file = openSync(path, "r");
  const parts = partsIn((offset, length) => readBytes(file, offset, length), segmentBytes);
  if (parts === undefined) closeSync(file);
  return parts === undefined ? undefined : { part: parts, close: () => closeSync(file) };
}

/** `undefined` unless these are the bytes of an index of a segment of that length. */
function partsIn(
  read: (offset: number, length: number) => Buffer,
  segmentBytes: number,
): ((number: number) => Buffer) | undefined {
  const [opening = ""] = read(0, OPENING_BYTES).toString("latin1").split("\n", 1);
  const described = decodeOpening(opening);
  if (described === undefined || described.bytes !== segmentBytes) return undefined;
  const starts = described.parts.map((_, at) =>
    described.parts.slice(0, at).reduce((sum, bytes) => sum + bytes, opening.length + 1),
  );
  return (number) => read(starts[number] ?? 0, described.parts[number] ?? 0);
}

const OPENING_BYTES = 256;

function decodeOpening(text: string): { readonly bytes: number; readonly parts: readonly number[] } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("version" in value) || value.version !== INDEX_VERSION) return undefined;
    const isWhole = "bytes" in value && typeof value.bytes === "number" && "parts" in value && Array.isArray(value.parts);
    return isWhole ? { bytes: Number(value.bytes), parts: (value.parts as readonly unknown[]).map(Number) } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Reads the segment from its begin to its end. */
async function deriveParts(directory: string, segment: number): Promise<Parts> {
  const file = await openSegment(diskLayer, directory, segment);
  const indexer = new SegmentIndexer(segment);
  try {
    for await (const batch of scanSegment(file, Number.POSITIVE_INFINITY)) {
      for (const line of batch) if (line.found === "record") indexer.take(line.record, line.start);
    }
  } finally {
    await file.close();
  }
  const index = Buffer.concat([...indexer.finish(0)]);
  const part = partsIn((offset, length) => index.subarray(offset, offset + length), 0);
  invariant(part !== undefined, "an index can be read as it was made");
  return { part, close: () => undefined };
}

class Segment implements IndexedSegment {
  readonly head: IndexHead;
  readonly #text: SegmentText;
  readonly #parts: Parts;

  /** The shape of an index is trusted: it is ours, and it vouches for this length of the segment. */
  constructor(text: SegmentText, parts: Parts) {
    this.#text = text;
    this.#parts = parts;
    this.head = JSON.parse(parts.part(0).toString("utf8")) as IndexHead;
  }

  last(): VersionColumns {
    return decodeLast(this.#parts.part(1));
  }

  versions(): IndexVersions {
    return decodeVersions(this.#parts.part(2));
  }

  logs(): IndexLogs {
    return JSON.parse(this.#parts.part(3).toString("utf8")) as IndexLogs;
  }

  read(offset: number): FaroRecord {
    return decodeRecord(readLine(this.#text, offset, LINE_BYTES));
  }

  close(): void {
    this.#text.close();
    this.#parts.close();
  }
}

/** Most objects fit. */
const LINE_BYTES = 16 * 1024;
const NEWLINE = 0x0a;

/** A line without its newline; its length is guessed, and doubled as often as it takes. */
function readLine(text: SegmentText, offset: number, guess: number): Buffer {
  const bytes = text.read(offset, guess);
  const end = bytes.indexOf(NEWLINE);
  if (end !== -1) return bytes.subarray(0, end);
  return bytes.length < guess ? bytes : readLine(text, offset, guess * 4);
}
