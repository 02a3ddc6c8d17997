/** The end of one request: the caller's signal, and a time limit that runs only while the server is waited for. */
import type { Clock } from "../base/index.ts";

export class RequestLimit {
  readonly #abort = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #clock: Clock;
  readonly #onParentAbort = (): void => this.#abort.abort(this.#parent?.reason);
  /** What is waited for now. */
  #wait: { readonly until: number; readonly reason: Error } | undefined;
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
  start(ms: number, reason: Error): void {
    this.stopClock();
    if (ms <= 0) return;
    const until = this.#clock.monotonic() + ms;
    this.#wait = { until, reason };
    if (this.#timer === undefined || this.#timer.until > until) this.#arm(until, ms);
  }

  stopClock(): void {
    this.#wait = undefined;
  }

  #arm(until: number, ms: number): void {
    this.#timer?.cancel();
    this.#timer = { until, cancel: this.#clock.after(ms, () => this.#due()) };
  }

  #due(): void {
    this.#timer = undefined;
    if (this.#wait === undefined) return;
    const { until, reason } = this.#wait;
    const left = until - this.#clock.monotonic();
    if (left > 0) this.#arm(until, left);
    else this.#abort.abort(reason);
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
