/** A stream that is read while its consumer is still busy with something else, so that its server does not have to wait. */

/** What a consumer has not taken yet may grow to this; then the server waits after all. */
const AHEAD_BYTES_MAX = 16 << 20;

/** Begins to read `body` at once. From the first item taken on it is read as it is taken. */
export function readAhead(body: AsyncIterable<Buffer>, bytesMax: number = AHEAD_BYTES_MAX): AsyncIterable<Buffer> {
  const ahead = new ReadAhead(body, bytesMax);
  return { [Symbol.asyncIterator]: () => ahead.take() };
}

class ReadAhead {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #ahead: Buffer[] = [];
  #isTaken = false;
  #pending: Promise<IteratorResult<Buffer>> | undefined;

  constructor(body: AsyncIterable<Buffer>, bytesMax: number) {
    this.#chunks = body[Symbol.asyncIterator]();
    // What the body throws is thrown to whoever takes it: it is still pending there.
    this.#fill(bytesMax).catch(() => undefined);
  }

  async #fill(bytesMax: number): Promise<void> {
    for (let bytes = 0; !this.#isTaken && bytes < bytesMax;) {
      this.#pending = this.#chunks.next();
      const next = await this.#pending;
      if (this.#isTaken || next.done === true) return;
      this.#ahead.push(next.value);
      bytes += next.value.length;
      this.#pending = undefined;
    }
  }

  async *take(): AsyncGenerator<Buffer> {
    this.#isTaken = true;
    try {
      yield* this.#ahead.splice(0);
      const pending = this.#pending ?? this.#chunks.next();
      for (let next = await pending; next.done !== true; next = await this.#chunks.next()) yield next.value;
    } finally {
      await this.#chunks.return?.();
    }
  }
}
