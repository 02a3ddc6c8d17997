/**
 * One piece of memory into which line after line is read. Whoever reads thousands of records, one at a time, needs
 * the bytes of one only; with a buffer of its own for each, hundreds of megabytes wait for the garbage collector.
 */

const BYTES_MIN = 16 * 1024;

export class LineMemory {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  /** The line gathered so far: a view, valid until `clear`. */
  get line(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets the line; its memory takes the next one. */
  clear(): void {
    this.#length = 0;
  }

  /** Copies a part of the line behind those before it. */
  add(part: Buffer): void {
    const length = this.#length + part.length;
    if (length > this.#bytes.length) this.#grow(length);
    part.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  /** Doubles, so that a long line that comes in parts is not copied for each of them. */
  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length, BYTES_MIN));
    this.line.copy(grown);
    this.#bytes = grown;
  }
}
