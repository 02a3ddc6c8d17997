/**
 * What a recorder knows after the records up to some place, beside the recording: a start that finds it reads what stands behind that
 * place and nothing else. It saves time and holds nothing of its own. One that is not whole, was written by another Faro, or speaks
 * of another recording than the one that is there, is as good as none.
 *
 * Two files take turns: while one is written the other one stands.
 */
import { crc32 } from "node:zlib";
import { invariant } from "../base/index.ts";
import { offsetOf, type Position, segmentOf } from "../record/index.ts";
import { errorCode, type FileLayer, type OpenFile, readFully } from "./file-layer.ts";
import { stateFile } from "./layout.ts";
import { openSegment, stampOfSegment } from "./packed-segment.ts";
import { writeAll } from "./segment-file.ts";
import { checksumsOf } from "./segment-seal.ts";
import { listSegments } from "./segments.ts";

/** A place in a recording, and what stands in front of it. */
export interface RecordingMark {
  /** Where the next line begins. */
  readonly position: Position;
  /** Highest `seq` in front of it. */
  readonly lastSeq: number;
  /** Length of the whole recording in front of it. */
  readonly recorded: number;
  /** Lines of its segment in front of it, and the digest of their checksums. */
  readonly lines: number;
  readonly checksums: string;
}

export interface SavedState extends RecordingMark {
  /** As they were given to `writeState`. */
  readonly pieces: readonly Buffer[];
}

/** To be counted up with every change of what pieces hold: two builds may bear the same version of Faro. */
const STATE_VERSION = 5;
const SLOTS = [0, 1] as const;
export type StateSlot = (typeof SLOTS)[number];

/** What stands behind the pieces. */
interface Closing extends RecordingMark {
  readonly version: number;
  readonly faroVersion: string;
  readonly bytes: readonly number[];
  /** Of each earlier segment, what its file is known by. */
  readonly earlier: readonly (readonly [segment: number, stamp: string])[];
}

/** The last line: the CRC-32 of all in front of it, and the length of the closing. */
const LAST_BYTES = 18;

export interface StateOptions {
  readonly layer: FileLayer;
  readonly directory: string;
  readonly faroVersion: string;
}

/** Writes a state behind `mark`, up to which everything must be durable. @throws the errors of the disk */
export async function writeState(
  { layer, directory, faroVersion }: StateOptions,
  slot: StateSlot,
  mark: RecordingMark,
  pieces: Iterable<Uint8Array>,
): Promise<void> {
  const earlier = await earlierSegments(layer, directory, mark.position);
  const file = await layer.openForWriting(stateFile(directory, slot));
  try {
    await file.truncate(0);
    const bytes: number[] = [];
    let [end, crc] = [0, 0];
    const put = async (piece: Uint8Array): Promise<void> => {
      crc = sumOf(piece, crc);
      await writeAll(file, [Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)], end);
      end += piece.byteLength;
    };
    for (const piece of pieces) {
      bytes.push(piece.byteLength);
      await put(piece);
    }
    const closing: Closing = { version: STATE_VERSION, faroVersion, ...mark, bytes, earlier };
    const text = Buffer.from(JSON.stringify(closing));
    await put(text);
    await put(Buffer.from(`${hex(crc)}${hex(text.length)}\n`.padStart(LAST_BYTES)));
    await file.datasync();
  } finally {
    await file.close();
  }
  await layer.syncDirectory(directory);
}

/** Gives back what a file takes that could not be written whole. */
export async function dropState({ layer, directory }: StateOptions, slot: StateSlot): Promise<void> {
  await layer.remove(stateFile(directory, slot));
}

/** The latest state that the recording in `directory` bears out, and where it is. */
export async function readState(
  options: StateOptions,
): Promise<{ readonly slot: StateSlot; readonly saved: SavedState } | undefined> {
  const found = [];
  for (const slot of SLOTS) {
    const closing = await readClosing(options, slot);
    if (closing !== undefined) found.push({ slot, closing });
  }
  for (const { slot, closing } of found.sort((a, b) => b.closing.position - a.closing.position)) {
    const pieces = (await isBorneOut(options, closing)) ? await readPieces(options, slot, closing) : undefined;
    const { position, lastSeq, recorded, lines, checksums } = closing;
    if (pieces !== undefined) return { slot, saved: { position, lastSeq, recorded, lines, checksums, pieces } };
  }
  return undefined;
}

async function readClosing({ layer, directory, faroVersion }: StateOptions, slot: StateSlot): Promise<Closing | undefined> {
  return await withFile(layer.openForReading(stateFile(directory, slot)), async (file) => {
    const size = await file.size();
    const last = await readBytes(file, size - LAST_BYTES, LAST_BYTES);
    const length = Number.parseInt(last?.toString("latin1", 9, 17) ?? "", 16);
    const text = Number.isNaN(length) ? undefined : await readBytes(file, size - LAST_BYTES - length, length);
    const closing = text === undefined ? undefined : decodeClosing(text.toString("utf8"));
    return closing?.version === STATE_VERSION && closing.faroVersion === faroVersion ? closing : undefined;
  });
}

/** The shape is trusted once the sum is right, which is looked at before anything of it is used. */
function decodeClosing(text: string): Closing | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "version" in value ? (value as Closing) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether the recording is the one that the state was made from, as far as that goes. */
async function isBorneOut({ layer, directory }: StateOptions, { position, checksums, earlier }: Closing): Promise<boolean> {
  const now = await earlierSegments(layer, directory, position);
  const isSame =
    now.length === earlier.length &&
    now.every(([segment, stamp], at) => {
      const [known, knownStamp] = earlier[at] ?? [];
      return segment === known && stamp === knownStamp;
    });
  if (!isSame) return false;
  const offset = offsetOf(position);
  if (offset === 0) return true;
  const marked = openSegment(layer, directory, segmentOf(position));
  return (await withFile(marked, async (file) => (await checksumsOf(file, offset)) === checksums)) === true;
}

/** A segment behind which another one begins never changes. Of one that `gzip` packed nothing says what it was. */
async function earlierSegments(layer: FileLayer, directory: string, before: Position): Promise<Closing["earlier"]> {
  const found: [number, string][] = [];
  for (const segment of await listSegments(layer, directory)) {
    if (segment >= segmentOf(before)) continue;
    found.push([segment, (await stampOfSegment(layer, directory, segment)) ?? "packed"]);
  }
  return found;
}

async function readPieces(
  { layer, directory }: StateOptions,
  slot: StateSlot,
  { bytes }: Closing,
): Promise<readonly Buffer[] | undefined> {
  return await withFile(layer.openForReading(stateFile(directory, slot)), async (file) => {
    const length = bytes.reduce((sum, each) => sum + each, 0);
    const pieces: Buffer[] = [];
    let [at, crc] = [0, 0];
    for (const each of bytes) {
      const piece = await readBytes(file, at, each);
      if (piece === undefined) return undefined;
      crc = sumOf(piece, crc);
      pieces.push(piece);
      at += each;
    }
    const rest = await readBytes(file, length, (await file.size()) - length);
    if (rest === undefined) return undefined;
    const closing = rest.subarray(0, -LAST_BYTES);
    return rest.toString("latin1", closing.length + 1, closing.length + 9) === hex(sumOf(closing, crc)) ? pieces : undefined;
  });
}

/** `undefined` when so many are not there. */
async function readBytes(file: OpenFile, position: number, length: number): Promise<Buffer | undefined> {
  if (position < 0 || length < 0) return undefined;
  const bytes = Buffer.allocUnsafeSlow(length);
  return (await readFully(file, bytes, position)) < length ? undefined : bytes;
}

/** `undefined` when there is no such file, or it cannot be read. */
async function withFile<T>(opening: Promise<OpenFile>, use: (file: OpenFile) => Promise<T>): Promise<T | undefined> {
  try {
    const file = await opening;
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    invariant(errorCode(error) !== undefined, "file systems throw errors with a code");
    return undefined;
  }
}

/** Of nothing zlib may say 0, whatever came before. */
function sumOf(piece: Uint8Array, before: number): number {
  return piece.byteLength === 0 ? before : crc32(piece, before);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
