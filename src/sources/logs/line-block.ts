/**
 * Lines of a log as they lie in memory, one behind the other. A `Buffer` and an entry of an array for each line, and the lists that
 * were made of them on the way to a record, took half the CPU of recording a log in bulk (`bench/bulk-logs.mjs`).
 */

const NEWLINE = 0x0a;
const NOTHING: Buffer = Buffer.alloc(0);
/** The places that a scan finds; what is kept of them is a copy. */
let found = new Int32Array(1_024);

export class LineBlock implements Iterable<Buffer> {
  /** The lines with a newline between each two and none behind the last. */
  readonly bytes: Buffer;
  /** Where each line ends in `bytes`. */
  readonly #ends: Int32Array;

  private constructor(bytes: Buffer, ends: Int32Array) {
    this.bytes = bytes;
    this.#ends = ends;
  }

  /** No line. */
  static readonly none: LineBlock = new LineBlock(NOTHING, new Int32Array(0));

  /** The lines between the newlines of `bytes`, one at least. */
  static cut(bytes: Buffer): LineBlock {
    let count = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, end + 1)) {
      // One more place: the last line ends with the block.
      if (count + 1 === found.length) found = grown(found);
      found[count++] = end;
    }
    found[count++] = bytes.length;
    return new LineBlock(bytes, found.slice(0, count));
  }

  /** Lines that came one by one. None of them has a newline. */
  static of(lines: readonly Buffer[]): LineBlock {
    if (lines.length === 0) return LineBlock.none;
    const ends = new Int32Array(lines.length);
    let length = -1;
    for (const [at, line] of lines.entries()) {
      length += 1 + line.length;
      ends[at] = length;
    }
    const bytes = Buffer.allocUnsafe(length);
    for (const [at, line] of lines.entries()) {
      const end = ends[at] ?? 0;
      line.copy(bytes, end - line.length);
      if (end < length) bytes[end] = NEWLINE;
    }
    return new LineBlock(bytes, ends);
  }

  /** Lines in it. */
  get length(): number {
    return this.#ends.length;
  }

  /** Where a line begins in `bytes`. */
  startOf(at: number): number {
    return at === 0 ? 0 : (this.#ends[at - 1] ?? 0) + 1;
  }

  /** Where it ends. */
  endOf(at: number): number {
    return this.#ends[at] ?? 0;
  }

  /** One line, a view of `bytes`; from the end if `at` is negative. */
  at(at: number): Buffer | undefined {
    const index = at < 0 ? this.length + at : at;
    return index < 0 || index >= this.length ? undefined : this.bytes.subarray(this.startOf(index), this.endOf(index));
  }

  /** The first `count` lines. */
  first(count: number): LineBlock {
    if (count >= this.length) return this;
    if (count === 0) return LineBlock.none;
    return new LineBlock(this.bytes.subarray(0, this.endOf(count - 1)), this.#ends.subarray(0, count));
  }

  *[Symbol.iterator](): Generator<Buffer> {
    for (let at = 0; at < this.length; at++) yield this.bytes.subarray(this.startOf(at), this.endOf(at));
  }
}

function grown(places: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const twice = new Int32Array(2 * places.length);
  twice.set(places);
  return twice;
}
