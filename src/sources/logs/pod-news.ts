/** What is known of the pod whose logs are followed, and who wants to hear when that changes. */
import { abortWith, type Clock } from "../../base/index.ts";

export class PodNews {
  /** `deleting`: it has a deletion timestamp. `gone`: its deletion was seen. */
  state: "live" | "deleting" | "gone" = "live";
  readonly #clock: Clock;
  readonly #wakers = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Tells everybody who waits that something changed. */
  wake(): void {
    for (const wake of this.#wakers) wake();
  }

  /** Calls back at every change. Returns a function that ends it. */
  onChange(call: () => void): () => void {
    this.#wakers.add(call);
    return () => this.#wakers.delete(call);
  }

  /** Resolves at the next change, or when `signal` aborts. */
  async changed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#wakers.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#wakers.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  /** As `changed`, but no longer than `ms`. */
  async changedWithin(ms: number, signal: AbortSignal): Promise<void> {
    const stop = abortWith(signal);
    const cancel = this.#clock.after(ms, () => stop.abort());
    await this.changed(stop.signal);
    cancel();
    stop.abort();
  }
}
