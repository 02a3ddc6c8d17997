/** Cuts a stream of bytes into lines at 0x0A and nowhere else: `\r`, NUL and invalid UTF-8 pass through unchanged. */

const NEWLINE = 0x0a;

export class LineSplitter {
  #carry: Buffer[] = [];
  #carryBytes = 0;

  /** Bytes received since the last newline. */
  get pendingBytes(): number {
    return this.#carryBytes;
  }

  /** Yields every line that `chunk` completes, without its newline. */
  *push(chunk: Buffer): Generator<Buffer> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const tail = chunk.subarray(start, end);
      start = end + 1;
      yield this.#carryBytes === 0 ? tail : this.#join(tail);
    }
    if (start < chunk.length) {
      const rest = chunk.subarray(start);
      this.#carry.push(rest);
      this.#carryBytes += rest.length;
    }
  }

  /** What came after the last newline; empties the splitter. */
  rest(): Buffer {
    return this.#join(Buffer.alloc(0));
  }

  #join(tail: Buffer): Buffer {
    const line = this.#carryBytes === 0 ? tail : Buffer.concat([...this.#carry, tail]);
    this.#carry = [];
    this.#carryBytes = 0;
    return line;
  }
}
