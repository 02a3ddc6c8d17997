/**
 * Joins the chunks of a body that come shortly after one another. What a server writes line by line arrives line by line,
 * and each chunk costs its way from the system's call through everything behind; a log of two hundred lines a second would be two
 * hundred of them. So a body of which little came is not read for a while: what comes waits in the socket, and is one chunk then
 * (`bench/logs.mjs`: half the CPU). The first chunk after a pause goes on at once, so whoever watches a quiet stream waits for nothing.
 */
import type { Readable } from "node:stream";
import type { Clock } from "../base/index.ts";

export interface GatherBounds {
  /** Chunks that come within so long of the last ones given out are joined. */
  readonly ms: number;
  /** So many bytes wait no longer; twice as many, and the socket is not read on. */
  readonly bytes: number;
}

/** For a stream that is gathered: what it has read already stands in the way of what waits in the socket. */
export const GATHERED_HIGH_WATER_MARK = 1;
/** What waited in the socket has come by then. */
const SETTLE_MS = 2;
/** With such a part of `bytes` the socket may have filled meanwhile: then it is read all the time. */
const SMALL = 1 / 4;

/**
 * Yields the bytes of `body` in order, joined. Everything that arrived comes out before the end, and before the error that
 * the body ended with is thrown: a connection that breaks takes nothing back, if `body` and its socket hold no more than
 * `GATHERED_HIGH_WATER_MARK`. Else an error overtakes what they hold.
 */
export async function* gathered(body: Readable, clock: Clock, bounds: GatherBounds): AsyncGenerator<Buffer> {
  const inflow = new Inflow(body, bounds.bytes);
  try {
    for (let last = Number.NEGATIVE_INFINITY, isSmall = true; ;) {
      if (isSmall) await inflow.rest(clock, last + bounds.ms - SETTLE_MS - clock.monotonic());
      await inflow.something();
      await inflow.enough(clock, last + bounds.ms - clock.monotonic());
      const isOver = inflow.isOver;
      const bytes = inflow.take();
      if (bytes !== undefined) {
        last = clock.monotonic();
        isSmall = bytes.length < bounds.bytes * SMALL;
        yield bytes;
      }
      if (isOver) {
        inflow.throwIfFailed();
        return;
      }
    }
  } finally {
    inflow.close();
  }
}

const CUT: Error = Object.assign(new Error("the body was cut off"), { code: "ECONNRESET" });

/** What has arrived of a body and was not taken yet. */
class Inflow {
  readonly #body: Readable;
  readonly #enough: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #end: { readonly error: Error | undefined } | undefined;
  #isDue = false;
  #wake: () => void = () => undefined;
  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= 2 * this.#enough) this.#body.pause();
    if (this.#chunks.length === 1 || this.#bytes >= this.#enough) this.#wake();
  };
  readonly #onEnd = (): void => this.#ended(undefined);
  readonly #onError = (error: Error): void => this.#ended(error);
  readonly #onClose = (): void => this.#ended(CUT);

  constructor(body: Readable, enough: number) {
    this.#body = body;
    this.#enough = enough;
    // It may have broken off while nobody read it: no event tells of that any more.
    if (body.destroyed) this.#ended(body.errored ?? CUT);
    body.on("end", this.#onEnd);
    body.on("error", this.#onError);
    body.on("close", this.#onClose);
    body.on("data", this.#onData);
  }

  /** True when nothing more will come. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Lets what comes wait in the socket for `ms`. */
  async rest(clock: Clock, ms: number): Promise<void> {
    if (!(ms > 0) || this.isOver) return;
    this.#body.pause();
    await this.#until(clock, ms, () => this.isOver);
    this.#body.resume();
  }

  /** Resolves when there are bytes, or will be none. */
  async something(): Promise<void> {
    while (this.#bytes === 0 && this.#end === undefined) await this.#change();
  }

  /** Resolves when there are enough bytes, or will be no more, or after `ms`. */
  async enough(clock: Clock, ms: number): Promise<void> {
    if (ms > 0) await this.#until(clock, ms, () => this.#bytes >= this.#enough || this.isOver);
  }

  take(): Buffer | undefined {
    const [first] = this.#chunks;
    if (first === undefined) return undefined;
    const all = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [];
    this.#bytes = 0;
    if (this.#body.isPaused()) this.#body.resume();
    return all;
  }

  throwIfFailed(): void {
    if (this.#end?.error !== undefined) throw this.#end.error;
  }

  close(): void {
    this.#body.off("data", this.#onData);
    this.#body.off("end", this.#onEnd);
    this.#body.off("close", this.#onClose);
    this.#body.off("error", this.#onError);
  }

  #ended(error: Error | undefined): void {
    this.#end ??= { error };
    this.#wake();
  }

  /** Resolves when it is so, or after `ms`. */
  async #until(clock: Clock, ms: number, isSo: () => boolean): Promise<void> {
    this.#isDue = false;
    const cancel = clock.after(ms, () => {
      this.#isDue = true;
      this.#wake();
    });
    while (!this.#isDue && !isSo()) await this.#change();
    cancel();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
