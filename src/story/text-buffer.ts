/** Gathers what is written of a story, which is millions of small pieces, into large writes. */

/** Where the bytes of a story go, in order. They are lent: once a write has resolved, their memory takes what follows. */
export interface StorySink {
  write(bytes: Buffer): Promise<void>;
}

const BUFFER_BYTES = 256 * 1024;
/** A long run of log lines fills several between two flushes; beyond so many, they go to the garbage collector. */
const SPARE_BUFFERS_MAX = 4;

/** What waits for the sink: a buffer as far as it is filled, or bytes too large to be copied into one. */
interface Part {
  readonly bytes: Buffer;
  readonly buffer: Buffer | undefined;
}

/**
 * Gathers text and bytes into large writes. Adding is synchronous, for there are millions of small pieces; what is
 * pending is bounded by whoever adds, who flushes when `isFull`. A buffer that was written is filled again: left to
 * the garbage collector, they would pile up to tens of megabytes between two of its rounds.
 */
export class TextBuffer {
  readonly #sink: StorySink;
  readonly #full: Part[] = [];
  readonly #spare: Buffer[];
  #buffer: Buffer;
  #length = 0;

  /** @param spare buffers that were filled before, and where they are left */
  constructor(sink: StorySink, spare: Buffer[]) {
    this.#sink = sink;
    this.#spare = spare;
    this.#buffer = this.#takeBuffer();
  }

  get isFull(): boolean {
    return this.#full.length > 0;
  }

  /** Three bytes are the most that one UTF-16 unit takes. */
  text(text: string): void {
    if (text.length * 3 > BUFFER_BYTES) {
      this.bytes(Buffer.from(text));
      return;
    }
    if (this.#length + text.length * 3 > BUFFER_BYTES) this.#turn();
    this.#length += this.#buffer.write(text, this.#length, "utf8");
  }

  bytes(bytes: Buffer): void {
    if (this.#length + bytes.length > BUFFER_BYTES) this.#turn();
    if (bytes.length > BUFFER_BYTES) this.#full.push({ bytes, buffer: undefined });
    else this.#length += bytes.copy(this.#buffer, this.#length);
  }

  /** Hands what is full to the sink. */
  async flush(): Promise<void> {
    for (const { bytes, buffer } of this.#full.splice(0)) {
      await this.#sink.write(bytes);
      this.#leave(buffer);
    }
  }

  /** Hands all to the sink. Nothing is added any more. */
  async end(): Promise<void> {
    this.#turn();
    await this.flush();
    this.#leave(this.#buffer);
  }

  #leave(buffer: Buffer | undefined): void {
    if (buffer !== undefined && this.#spare.length < SPARE_BUFFERS_MAX) this.#spare.push(buffer);
  }

  #takeBuffer(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  #turn(): void {
    if (this.#length === 0) return;
    this.#full.push({ bytes: this.#buffer.subarray(0, this.#length), buffer: this.#buffer });
    this.#buffer = this.#takeBuffer();
    this.#length = 0;
  }
}
