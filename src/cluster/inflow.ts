/**
 * What has arrived of a body and was not taken yet. It has a bound: when much waits, the connection is not read on until it is taken,
 * and the server feels that nobody reads.
 */

/** What brings the bytes. */
export interface Flow {
  /** Brings nothing more until `resume`, but what it has read already. */
  pause(): void;
  resume(): void;
  /** Nobody wants the rest. */
  leave(): void;
}

/** So many bytes wait before the connection is no longer read; what TLS has decrypted by then comes on top. */
const WAITING_MAX = 256 << 10;

export class Inflow {
  readonly #flow: Flow;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #most = WAITING_MAX;
  #end: { readonly error: unknown } | undefined;
  #isResting = false;
  #isPaused = false;
  #wanted = 1;
  #wake: (() => void) | undefined;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True when nothing more will come. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0 || this.isOver) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#steer();
    if (this.#bytes >= this.#wanted) this.changed();
  }

  /** The end, or what it broke with; what waits is still to be taken. */
  finish(error?: unknown): void {
    this.#end ??= { error };
    this.changed();
  }

  /** All that waits, in one piece. */
  take(): Buffer | undefined {
    const [first] = this.#chunks;
    if (first === undefined) return undefined;
    const all = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [];
    this.#bytes = 0;
    this.#steer();
    return all;
  }

  get hasFailed(): boolean {
    return this.failure !== undefined;
  }

  /** What it broke with; `undefined` when it did not. */
  get failure(): unknown {
    return this.#end?.error;
  }

  /** So many bytes wait at the most from now on. */
  bound(bytes: number): void {
    this.#most = bytes;
  }

  /** Lets what comes wait in the socket. */
  rest(): void {
    this.#isResting = true;
    this.#steer();
  }

  goOn(): void {
    this.#isResting = false;
    this.#steer();
  }

  leave(): void {
    if (!this.isOver) this.#flow.leave();
  }

  /** Resolves when so many bytes wait, or nothing more will come, or somebody says so; for one who waits. */
  change(wanted = 1): Promise<void> {
    this.#wanted = wanted;
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  changed(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #steer(): void {
    const isPaused = this.#isResting || this.#bytes >= this.#most;
    if (isPaused === this.#isPaused || this.isOver) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#flow.pause();
    else this.#flow.resume();
  }
}

/** Yields what comes as it comes, what came in one turn together; then throws the error that it broke with, if it did. */
export async function* arriving(inflow: Inflow): AsyncGenerator<Buffer> {
  for (;;) {
    const bytes = inflow.take();
    if (bytes !== undefined) yield bytes;
    else if (inflow.hasFailed) throw inflow.failure;
    else if (inflow.isOver) return;
    else await inflow.change();
  }
}
