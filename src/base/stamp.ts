/** The order and time of arrival, taken when bytes arrive and before any queue. */
import type { Clock } from "./clock.ts";

/** When something arrived. `seq` rises by one per observation over the whole recording, restarts included. */
export interface Stamp {
  readonly seq: number;
  /** Wall clock, milliseconds since 1970. */
  readonly receivedAt: number;
}

/** Hands out stamps. One per recording. */
export class Stamper {
  readonly #clock: Clock;
  #nextSeq: number;

  constructor(clock: Clock, nextSeq: number = 1) {
    this.#clock = clock;
    this.#nextSeq = nextSeq;
  }

  /** Stamps one arrival of `count` observations (the lines of a log block): they own `seq` to `seq + count - 1`. */
  next(count: number = 1): Stamp {
    const seq = this.#nextSeq;
    this.#nextSeq += count;
    return { seq, receivedAt: this.#clock.now() };
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }
}
