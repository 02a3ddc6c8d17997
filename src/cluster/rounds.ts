/**
 * When bodies go on of which a little comes now and then, and that may be thousands: many of them together, for each by itself costs what
 * it takes to come back to code and objects that are in no cache any more. Of a thousand logs with a line a second a line took 160 us
 * by itself and 120 us together with others; of fifty logs with twenty lines a second, four chunks, 60 us and 36 us (`bench/streams.mjs`,
 * `bench/logs.mjs`).
 */
import type { Clock } from "../base/index.ts";

/** So many go on together, so that whatever else there is to do does not wait for long. */
const TOGETHER = 64;
/** How long the first of a round waits for others: as long as what is recorded waits for its commit anyway, twice. */
const ROUND_MS = 100;
/** Firsts come in rounds when they are so many in a second. */
const MANY = 100;
const COUNT_MS = 1_000;
/** A moment that is nearer is no wait. */
const NEAR_MS = 5;

/** One open body. */
export interface Seat {
  /** When it goes on that did so at `last` and does every so many milliseconds, monotonic: at the same moments as others. */
  after(last: number, every: number): number;
  /** Something came after a pause. Resolves when it goes on; `undefined` when that is at once, because there is not much else. */
  join(): Promise<void> | undefined;
  /** It is not open any more. */
  leave(): void;
}

export class Rounds {
  readonly #clock: Clock;
  #open = 0;
  #seats = 0;
  #counting = Number.NEGATIVE_INFINITY;
  #count = 0;
  #areMany = false;
  #round: { readonly over: Promise<void>; joined: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A body is open. */
  enter(): Seat {
    const seat = this.#seats++;
    this.#open++;
    return {
      after: (last, every) => this.#after(last, every, seat),
      join: () => this.#join(),
      leave: () => void this.#open--,
    };
  }

  #after(last: number, every: number, seat: number): number {
    const groups = Math.max(1, Math.ceil(this.#open / TOGETHER));
    const offset = ((seat % groups) * every) / groups;
    return (Math.floor((last + NEAR_MS - offset) / every) + 1) * every + offset;
  }

  #join(): Promise<void> | undefined {
    const now = this.#clock.monotonic();
    const since = now - this.#counting;
    if (since >= COUNT_MS) {
      this.#areMany = (this.#count * COUNT_MS) / since >= MANY;
      this.#counting = now;
      this.#count = 0;
    }
    this.#count++;
    if (!this.#areMany) return undefined;
    const round = (this.#round ??= this.#begin());
    if (++round.joined === TOGETHER) this.#round = undefined;
    return round.over;
  }

  #begin(): { over: Promise<void>; joined: number } {
    const over = new Promise<void>((resolve) => {
      this.#clock.after(ROUND_MS, () => {
        if (this.#round?.over === over) this.#round = undefined;
        resolve();
      });
    });
    return { over, joined: 0 };
  }
}
