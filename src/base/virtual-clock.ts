/** A clock that moves only when told: timers run in the order of their due time, without waiting. */
import { type Clock, sleepAfter } from "./clock.ts";
import { mulberry32 } from "./random.ts";

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly call: () => void;
}

export class VirtualClock implements Clock {
  #elapsed = 0;
  #order = 0;
  readonly #random: () => number;
  #wallOffset: number;
  readonly #timers = new Set<Timer>();
  readonly #settle: () => Promise<void>;

  /**
   * `start` is the wall time in milliseconds at which the clock begins; `seed` fixes `random()`. `settle` is awaited between two
   * timers: it gives promises and I/O that is already under way the chance to go on.
   */
  constructor(start: number = Date.UTC(2026, 0, 1), seed: number = 1, settle: () => Promise<void> = fourTurns) {
    this.#wallOffset = start;
    this.#random = mulberry32(seed);
    this.#settle = settle;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#wallOffset + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepAfter((wait, call) => this.after(wait, call), ms, signal);
  }

  after(ms: number, call: () => void): () => void {
    const timer = { due: this.#elapsed + Math.max(0, ms), order: this.#order++, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  random(): number {
    return this.#random();
  }

  /** Moves the wall clock alone, as an NTP step or a person does. */
  stepWall(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Lets `ms` pass, running every timer that falls due and whatever promises it wakes. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await this.#settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#elapsed = Math.max(this.#elapsed, next.due);
      this.#timers.delete(next);
      next.call();
      await this.#settle();
    }
    this.#elapsed = end;
    await this.#settle();
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (first === undefined || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }
}

async function fourTurns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
