/** The bytes of a segment, read at once where they stand: for a server that answers one person. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { diskLayer, errorCode } from "./file-layer.ts";
import { packedSegmentFile, segmentFile } from "./layout.ts";
import { packedBlocks } from "./packed-blocks.ts";
import { type PackedTable, unpackMember } from "./packed-format.ts";
import { memberSpan, readTable } from "./packed-segment.ts";

export interface SegmentText {
  readonly segment: number;
  readonly size: number;
  /** As many of so many bytes as there are. */
  read(offset: number, length: number): Buffer;
  close(): void;
}

/** `undefined` when it can only be read as a whole. */
export async function openSegmentText(directory: string, segment: number): Promise<SegmentText | undefined> {
  const file = openThere(segmentFile(directory, segment));
  if (file !== undefined) return new PlainText(segment, file);
  const path = packedSegmentFile(directory, segment);
  const packed = await diskLayer.openForReading(path);
  try {
    const table = await readTable(packed);
    return table === undefined ? undefined : new PackedText(segment, openSync(path, "r"), table);
  } finally {
    await packed.close();
  }
}

function openThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

class PlainText implements SegmentText {
  readonly segment: number;
  readonly size: number;
  readonly #file: number;

  constructor(segment: number, file: number) {
    this.segment = segment;
    this.#file = file;
    this.size = fstatSync(file).size;
  }

  read(offset: number, length: number): Buffer {
    return readBytes(this.#file, offset, length);
  }

  close(): void {
    closeSync(this.#file);
  }
}

class PackedText implements SegmentText {
  readonly segment: number;
  readonly size: number;
  readonly #file: number;
  readonly #table: PackedTable;

  constructor(segment: number, file: number, table: PackedTable) {
    this.segment = segment;
    this.#file = file;
    this.#table = table;
    this.size = table.bytes;
  }

  read(offset: number, length: number): Buffer {
    const { blockBytes } = this.#table;
    const end = Math.min(offset + length, this.size);
    const pieces: Buffer[] = [];
    for (let at = offset; at < end;) {
      const block = Math.floor(at / blockBytes);
      const piece = this.#block(block).subarray(at - block * blockBytes, end - block * blockBytes);
      pieces.push(piece);
      at += piece.length;
    }
    return Buffer.concat(pieces);
  }

  close(): void {
    packedBlocks.drop(this);
    closeSync(this.#file);
  }

  #block(number: number): Buffer {
    const kept = packedBlocks.get(this, number);
    if (kept !== undefined) return kept.text;
    const [at, bytes, textBytes] = memberSpan(this.#table, number);
    const block = unpackMember(readBytes(this.#file, at, bytes), textBytes);
    packedBlocks.keep(this, number, block);
    return block.text;
  }
}

/** As many of so many bytes of a file as there are. */
export function readBytes(file: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, bytes, done, length - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}
