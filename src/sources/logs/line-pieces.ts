/**
 * Cuts the body of a log into lines at 0x0A and nowhere else. A line that is too long for memory comes in pieces, cut at
 * places that depend on its bytes alone, so that the same file always gives the same pieces.
 */

import { LineBlock } from "./line-block.ts";

/** A line up to this long comes whole. */
export const LINE_BYTES_MAX: number = 16 << 20;
/** A long line is cut behind white space if there is some so near the limit: no secret is cut in two. */
const SOFT_CUT_BYTES = 128 << 10;
const NEWLINE = 0x0a;

/** Lines of one chunk. */
export interface Pieces {
  readonly lines: LineBlock;
  /** True when the last of them has no newline yet: the next line goes on with it. */
  readonly continues: boolean;
}

export class LinePieces {
  readonly #maxBytes: number;
  #carry: Buffer[] = [];
  #carryBytes = 0;

  constructor(maxBytes: number = LINE_BYTES_MAX) {
    this.#maxBytes = maxBytes;
  }

  /** Yields the whole lines of a chunk together, and each piece of a long line by itself. */
  *push(chunk: Buffer): Generator<Pieces> {
    const last = chunk.lastIndexOf(NEWLINE);
    // No line can be too long.
    if (last !== -1 && this.#carryBytes + last <= this.#maxBytes) {
      yield { lines: LineBlock.cut(this.#take(chunk.subarray(0, last))), continues: false };
      if (last + 1 < chunk.length) this.#add(chunk.subarray(last + 1));
      yield* this.#cut();
    } else yield* this.#pushLong(chunk);
  }

  *#pushLong(chunk: Buffer): Generator<Pieces> {
    let lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const tail = chunk.subarray(start, end);
      start = end + 1;
      if (this.#carryBytes + tail.length <= this.#maxBytes) {
        lines.push(this.#carryBytes === 0 ? tail : this.#take(tail));
        continue;
      }
      if (lines.length > 0) yield { lines: LineBlock.of(lines), continues: false };
      this.#add(tail);
      yield* this.#cut();
      lines = [this.#take()];
    }
    if (lines.length > 0) yield { lines: LineBlock.of(lines), continues: false };
    if (start < chunk.length) this.#add(chunk.subarray(start));
    yield* this.#cut();
  }

  /** What came after the last newline; empties the splitter. */
  rest(): Buffer {
    return this.#take();
  }

  *#cut(): Generator<Pieces> {
    while (this.#carryBytes > this.#maxBytes) {
      const all = this.#take();
      const at = cutOf(all, this.#maxBytes);
      this.#add(all.subarray(at));
      yield { lines: LineBlock.of([all.subarray(0, at)]), continues: true };
    }
  }

  #add(bytes: Buffer): void {
    this.#carry.push(bytes);
    this.#carryBytes += bytes.length;
  }

  #take(tail?: Buffer): Buffer {
    const parts = tail === undefined ? this.#carry : [...this.#carry, tail];
    const [only] = parts;
    const line = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
    this.#carry = [];
    this.#carryBytes = 0;
    return line;
  }
}

/** Behind the last white space before the limit, else at the limit, but not within a character of UTF-8. */
function cutOf(line: Buffer, maxBytes: number): number {
  const least = Math.max(1, maxBytes - Math.min(SOFT_CUT_BYTES, maxBytes >> 2));
  for (let at = maxBytes; at > least; at--) {
    const byte = line[at - 1];
    if (byte === 0x20 || byte === 0x09) return at;
  }
  let at = maxBytes;
  while (at > maxBytes - 4 && ((line[at] ?? 0) & 0xc0) === 0x80) at--;
  return at === maxBytes - 4 ? maxBytes : at;
}
