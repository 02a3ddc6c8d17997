/**
 * Keeps what a run knows beside its recording, now and then and at its end, so that the next start reads what stands behind that and
 * nothing else. Between two turns of the event loop everything that was appended is in all that is kept, and nothing else is. Putting
 * it together takes many turns: whatever comes meanwhile waits in its lane, and what cannot wait ends the attempt.
 */
import { type Clock, errorMessage } from "../base/index.ts";
import type { RecordingWriter } from "../archive/index.ts";
import type { Recorder } from "./recorder.ts";
import type { PackedState } from "./recovery.ts";
import type { Room } from "./room.ts";
import type { StatusHub } from "./status-hub.ts";

export interface KeptStateOptions {
  readonly clock: Pick<Clock, "monotonic" | "sleep">;
  readonly writer: Pick<RecordingWriter, "bytes" | "mark" | "saveState">;
  readonly room: Pick<Room, "hold" | "release">;
  readonly recorder: Pick<Recorder, "lastSeq" | "changes">;
  /** Everything that is known now. */
  readonly pack: () => PackedState;
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
const TIME_PER_HOLD = 200;
/** or, as long as attempts are given up, in so many: at a start much comes that does not wait, and a state is worth most then, */
const TIME_PER_ATTEMPT = 20;
/** and for no longer than this at once, milliseconds. Where it always takes longer, a state is kept at the end of the run alone. */
const HOLD_MS_MAX = 3_000;
/** Between two pieces everything else has its turn, milliseconds. */
const PAUSE_MS = 1;

export class KeptState {
  readonly #options: KeptStateOptions;
  #recorded: number;
  #size: number;
  #saving: Promise<void> | undefined;
  /** When the next one may be put together, monotonic ms. */
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(options: KeptStateOptions) {
    this.#options = options;
    this.#recorded = options.from?.recorded ?? 0;
    this.#size = options.from?.size ?? 0;
  }

  /** Begins to keep the state when enough was recorded since. To be called between turns. */
  tick(): void {
    const { clock, writer, everyBytes = EVERY_BYTES } = this.#options;
    const isDue = writer.bytes - this.#recorded >= Math.max(everyBytes, RECORDED_PER_KEPT * this.#size);
    const mayHold = clock.monotonic() >= this.#notBefore;
    if (isDue && mayHold && this.#saving === undefined)
      this.#saving = this.#save(HOLD_MS_MAX).finally(() => (this.#saving = undefined));
  }

  /** Keeps the last state. To be called when nothing more is appended. */
  async close(): Promise<void> {
    await this.#saving;
    if (this.#options.writer.bytes > this.#recorded) await this.#save(Number.POSITIVE_INFINITY);
  }

  /** A state that cannot be kept costs the next start time, and nothing else. */
  async #save(holdMsMax: number): Promise<void> {
    const { writer, recorder, pack, hub } = this.#options;
    try {
      const mark = writer.mark(recorder.lastSeq);
      const { pieces, pages } = pack();
      const made = await this.#whileHeld(pieces, holdMsMax);
      if (made === undefined) return;
      this.#recorded = mark.recorded;
      await writer.saveState(mark, this.#measured(made, pages));
    } catch (error) {
      hub.tell({ status: "incident", what: "state not kept", detail: errorMessage(error) });
    }
  }

  /** All pieces; `undefined` when what is known changed before the last one, or it took too long. */
  async #whileHeld(pieces: Generator<Uint8Array>, holdMsMax: number): Promise<readonly Uint8Array[] | undefined> {
    const { clock, room, recorder } = this.#options;
    const [began, before] = [clock.monotonic(), recorder.changes];
    const made: Uint8Array[] = [];
    let rest = TIME_PER_HOLD;
    room.hold();
    try {
      for (let next = pieces.next(); next.done !== true; next = pieces.next()) {
        made.push(next.value);
        await clock.sleep(PAUSE_MS);
        const isChanged = recorder.changes !== before;
        if (!isChanged && clock.monotonic() - began <= holdMsMax) continue;
        if (isChanged) rest = TIME_PER_ATTEMPT;
        return undefined;
      }
      return made;
    } finally {
      room.release();
      const now = clock.monotonic();
      // A state that took no time may be followed by the next one at once.
      if (now > began) this.#notBefore = now + (now - began) * rest;
    }
  }

  *#measured(...all: readonly Iterable<Uint8Array>[]): Generator<Uint8Array> {
    let size = 0;
    for (const pieces of all) {
      for (const piece of pieces) {
        size += piece.byteLength;
        yield piece;
      }
    }
    this.#size = size;
  }
}
