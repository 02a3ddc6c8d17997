/** The time of a recording that is played: it runs at any speed, stands still, and can be set. */
import type { Clock } from "../../base/index.ts";

/**
 * `now()` is the recording's time. Everything else is that of the clock below: deadlines of requests are the business of
 * those who make them.
 */
export class PlaybackClock implements Clock {
  readonly #real: Clock;
  #setAt: number;
  #since: number;
  #speed: number;

  /** Begins at `at` (milliseconds); `speed` 1 is as it was, 0 stands still. */
  constructor(real: Clock, at: number, speed: number) {
    this.#real = real;
    this.#setAt = at;
    this.#since = real.monotonic();
    this.#speed = speed;
  }

  get speed(): number {
    return this.#speed;
  }

  now(): number {
    return this.#setAt + (this.#real.monotonic() - this.#since) * this.#speed;
  }

  set(at: number, speed: number): void {
    this.#setAt = at;
    this.#since = this.#real.monotonic();
    this.#speed = speed;
  }

  monotonic(): number {
    return this.#real.monotonic();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#real.sleep(ms, signal);
  }

  after(ms: number, call: () => void): () => void {
    return this.#real.after(ms, call);
  }

  random(): number {
    return this.#real.random();
  }
}
