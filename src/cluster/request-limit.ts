/** The end of one request: the caller's signal, and a time limit that runs only while the server is waited for. */
import type { Clock } from "../base/index.ts";

export class RequestLimit {
  readonly #abort = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #clock: Clock;
  readonly #onParentAbort = (): void => this.#abort.abort(this.#parent?.reason);
  /** What is waited for now: until then, monotonic ms, and what it is to be called if it does not come. */
  #until = Number.POSITIVE_INFINITY;
  #reason: (() => Error) | undefined;
  #timer: { readonly until: number; readonly cancel: () => void } | undefined;

  constructor(parent: AbortSignal | undefined, clock: Clock) {
    this.#parent = parent;
    this.#clock = clock;
    if (parent?.aborted === true) this.#onParentAbort();
    else parent?.addEventListener("abort", this.#onParentAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /**
   * Aborts with `reason` after `ms` unless the clock is stopped first; 0 means never. A stream starts it for each chunk, so a timer
   * that is early goes on counting: one of its own for each was a fiftieth of what recording takes (`watch-pods` in `bench/`).
   */
  start(ms: number, reason: () => Error): void {
    this.stopClock();
    if (ms <= 0) return;
    this.#until = this.#clock.monotonic() + ms;
    this.#reason = reason;
    if (this.#timer === undefined || this.#timer.until > this.#until) this.#arm(this.#until, ms);
  }

  stopClock(): void {
    this.#reason = undefined;
  }

  #arm(until: number, ms: number): void {
    this.#timer?.cancel();
    this.#timer = { until, cancel: this.#clock.after(ms, () => this.#due()) };
  }

  #due(): void {
    this.#timer = undefined;
    if (this.#reason === undefined) return;
    const left = this.#until - this.#clock.monotonic();
    if (left > 0) this.#arm(this.#until, left);
    else this.#abort.abort(this.#reason());
  }

  /** No longer listens to anything: a signal that lives as long as Faro must not collect listeners. */
  end(): void {
    this.stopClock();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#parent?.removeEventListener("abort", this.#onParentAbort);
  }

  /** The work's result, or the abort's reason if that comes first. The work itself goes on, it may serve others. */
  async race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    let onAbort: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
    });
    try {
      return await Promise.race([work, aborted]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
