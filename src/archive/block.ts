/** Lines that are not on disk yet: one slab of memory, in the order in which they will stand in the file. */
import { type PreparedLine, writeLine } from "../record/index.ts";
import type { SegmentSeal } from "./segment-seal.ts";

export const BLOCK_BYTES: number = 1024 * 1024;
const NEWLINE = 0x0a;

export class Block {
  readonly segment: number;
  /** Where the block begins in its segment. */
  readonly start: number;
  readonly #slab: Buffer;
  #length = 0;
  #records = 0;

  constructor(place: { readonly segment: number; readonly start: number }, slab: Buffer) {
    this.segment = place.segment;
    this.start = place.start;
    this.#slab = slab;
  }

  get length(): number {
    return this.#length;
  }

  get records(): number {
    return this.#records;
  }

  /** Where the next line of the segment would begin. */
  get end(): number {
    return this.start + this.#length;
  }

  get bytes(): Buffer {
    return this.#slab.subarray(0, this.#length);
  }

  hasRoom(bytes: number): boolean {
    return this.#length + bytes <= this.#slab.length;
  }

  /** Adds a line, and its checksum to the seal of the segment. */
  append(line: PreparedLine, seal: SegmentSeal): void {
    const start = this.#length;
    this.#length = writeLine(line, this.#slab, start);
    this.#records++;
    seal.take(this.#slab, start);
  }

  /** A copy of the line at `offset` of the segment, or `undefined` when it stands elsewhere. The slab itself is used again. */
  lineAt(segment: number, offset: number): Buffer | undefined {
    if (segment !== this.segment || offset < this.start || offset >= this.end) return undefined;
    const at = offset - this.start;
    return Buffer.from(this.bytes.subarray(at, this.bytes.indexOf(NEWLINE, at)));
  }

  /** The slab, for the next block. */
  release(): Buffer {
    return this.#slab;
  }
}

/** Slabs of the usual size, used again: a megabyte of memory is dearer to get than to keep. */
export class SlabPool {
  readonly #free: Buffer[] = [];

  /** A slab for a block whose first line has `bytes`. A line above the usual size gets one of its own. */
  take(bytes: number): Buffer {
    if (bytes > BLOCK_BYTES) return Buffer.allocUnsafeSlow(bytes);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  give(slab: Buffer): void {
    if (slab.length === BLOCK_BYTES && this.#free.length < 4) this.#free.push(slab);
  }
}
