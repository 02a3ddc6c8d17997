/**
 * The end of a wait that begins anew again and again, with each line of a log or each chunk of a watch. A timer of its own for each was
 * a fiftieth of what recording takes (`watch-pods` in `bench/`): here the one that is early goes on.
 */
import type { Clock } from "./clock.ts";

export class Deadline {
  readonly #clock: Pick<Clock, "after" | "monotonic">;
  readonly #passed: () => void;
  /** Monotonic ms; infinite while nothing is waited for. */
  #until = Number.POSITIVE_INFINITY;
  #timer: { readonly until: number; readonly cancel: () => void } | undefined;

  /** Calls `passed` when a wait was not stopped, nor begun anew, in its time. */
  constructor(clock: Pick<Clock, "after" | "monotonic">, passed: () => void) {
    this.#clock = clock;
    this.#passed = passed;
  }

  /** Begins a wait of `ms`, in place of the one before. */
  start(ms: number): void {
    this.#until = this.#clock.monotonic() + ms;
    if (this.#timer === undefined || this.#timer.until > this.#until) this.#arm(ms);
  }

  stop(): void {
    this.#until = Number.POSITIVE_INFINITY;
  }

  /** Nothing is waited for any more, and no timer is left. */
  end(): void {
    this.stop();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(ms: number): void {
    this.#timer?.cancel();
    this.#timer = { until: this.#until, cancel: this.#clock.after(ms, () => this.#due()) };
  }

  #due(): void {
    this.#timer = undefined;
    const left = this.#until - this.#clock.monotonic();
    if (left === Number.POSITIVE_INFINITY) return;
    if (left > 0) this.#arm(left);
    else this.#passed();
  }
}
