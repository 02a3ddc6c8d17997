/**
 * Bodies of which a little comes now and then, and that are thousands: what comes of all of them within a moment goes on together. Each
 * by itself costs what it takes to come back to code and objects that are in no cache any more: of a thousand logs with a line a second
 * a line took 162 us by itself and 120 us together with others (`bench/streams.mjs`).
 */
import type { Clock } from "../base/index.ts";

/** As long as what is recorded waits for its commit anyway, twice. */
const ROUND_MS = 100;
/** So many in a second are many: together they are ten in a round. */
const MANY = 100;
const COUNT_MS = 1_000;

export class Rounds {
  readonly #clock: Clock;
  #counting = Number.NEGATIVE_INFINITY;
  #count = 0;
  #areMany = false;
  #round: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something came. Resolves when it goes on; `undefined` when that is at once, because there is not much else. */
  join(): Promise<void> | undefined {
    const now = this.#clock.monotonic();
    const since = now - this.#counting;
    if (since >= COUNT_MS) {
      this.#areMany = (this.#count * COUNT_MS) / since >= MANY;
      this.#counting = now;
      this.#count = 0;
    }
    this.#count++;
    return this.#areMany ? (this.#round ??= this.#next()) : undefined;
  }

  async #next(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#clock.after(ROUND_MS, resolve);
    });
    this.#round = undefined;
  }
}
