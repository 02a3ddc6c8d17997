/** The end of one request: the caller's signal, and a time limit that runs only while the server is waited for. */
import { type Clock, Deadline } from "../base/index.ts";

export class RequestLimit {
  readonly #abort = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #onParentAbort = (): void => this.#abort.abort(this.#parent?.reason);
  readonly #deadline: Deadline;
  /** What it is to be called if what is waited for does not come. */
  #reason: (() => Error) | undefined;

  constructor(parent: AbortSignal | undefined, clock: Clock) {
    this.#parent = parent;
    this.#deadline = new Deadline(clock, () => this.#abort.abort(this.#reason?.()));
    if (parent?.aborted === true) this.#onParentAbort();
    else parent?.addEventListener("abort", this.#onParentAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Aborts with `reason` after `ms` unless the clock is stopped first; 0 means never. */
  start(ms: number, reason: () => Error): void {
    this.stopClock();
    if (ms <= 0) return;
    this.#reason = reason;
    this.#deadline.start(ms);
  }

  stopClock(): void {
    this.#deadline.stop();
  }

  /** No longer listens to anything: a signal that lives as long as Faro must not collect listeners. */
  end(): void {
    this.#deadline.end();
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
