/**
 * Keeps what a run knows beside its recording, now and then and at its end, so that the next start reads what stands behind that and
 * nothing else. Between two turns of the event loop everything that was appended is in all that is kept, and nothing else is.
 */
import { type Clock, errorMessage } from "../base/index.ts";
import type { RecordingWriter } from "../archive/index.ts";
import type { StatusHub } from "./status-hub.ts";

export interface KeptStateOptions {
  readonly clock: Pick<Clock, "monotonic">;
  readonly writer: Pick<RecordingWriter, "bytes" | "mark" | "saveState">;
  /** The last `seq` that was given out. */
  readonly lastSeq: () => number;
  /** Everything that is known now, in pieces. */
  readonly pack: () => Iterable<Uint8Array>;
  readonly hub: StatusHub;
  /** No state is kept before so many bytes were recorded since the last one; 8 MB unless given. */
  readonly everyBytes: number | undefined;
  /** What this run began with. */
  readonly from: { readonly recorded: number; readonly size: number } | undefined;
}

/** A start reads so much in 0.2 s. */
const EVERY_BYTES = 8 << 20;
/** A large state is kept less often: it takes no more than this part of what is written. */
const RECORDED_PER_KEPT = 8;
/** Nothing is recorded while a state is put together: that may be so for one part in so many of the time, */
const TIME_PER_STALL = 200;
/** and for no longer than this at once, milliseconds. Where it takes longer, a state is kept at the end of the run alone. */
const STALL_MS_MAX = 1_000;

export class KeptState {
  readonly #options: KeptStateOptions;
  #recorded: number;
  #size: number;
  #saving: Promise<void> | undefined;
  /** How long it took to put the last one together, and when it was, monotonic ms. */
  #stallMs = 0;
  #stalledAt = 0;

  constructor(options: KeptStateOptions) {
    this.#options = options;
    this.#recorded = options.from?.recorded ?? 0;
    this.#size = options.from?.size ?? 0;
  }

  /** Keeps the state when enough was recorded since. To be called between turns. */
  tick(): void {
    const { clock, writer, everyBytes = EVERY_BYTES } = this.#options;
    const isDue = writer.bytes - this.#recorded >= Math.max(everyBytes, RECORDED_PER_KEPT * this.#size);
    const mayStall = this.#stallMs <= STALL_MS_MAX && clock.monotonic() - this.#stalledAt >= this.#stallMs * TIME_PER_STALL;
    if (isDue && mayStall && this.#saving === undefined) this.#saving = this.#save().finally(() => (this.#saving = undefined));
  }

  /** Keeps the last state. To be called when nothing more is appended. */
  async close(): Promise<void> {
    await this.#saving;
    if (this.#options.writer.bytes > this.#recorded) await this.#save();
  }

  /** A state that cannot be kept costs the next start time, and nothing else. */
  async #save(): Promise<void> {
    const { clock, writer, lastSeq, pack, hub } = this.#options;
    try {
      const began = clock.monotonic();
      const mark = writer.mark(lastSeq());
      this.#recorded = mark.recorded;
      const pieces = pack();
      this.#stalledAt = clock.monotonic();
      this.#stallMs = this.#stalledAt - began;
      await writer.saveState(mark, this.#measured(pieces));
    } catch (error) {
      hub.tell({ status: "incident", what: "state not kept", detail: errorMessage(error) });
    }
  }

  *#measured(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
    let size = 0;
    for (const piece of pieces) {
      size += piece.byteLength;
      yield piece;
    }
    this.#size = size;
  }
}
