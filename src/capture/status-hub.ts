/** One status stream for any number of listeners. A listener that does not listen loses the oldest, and never holds up the capture. */
import type { CaptureStatus } from "./status.ts";

/** Far above what a listener that reads at all can lag behind. */
const BACKLOG_MAX = 10_000;

interface Listener {
  backlog: CaptureStatus[];
  wake: (() => void) | undefined;
}

export class StatusHub {
  readonly #listeners = new Set<Listener>();
  /** What was told before anyone listened: the first listener gets it, so that the start of a capture is not lost. */
  #early: CaptureStatus[] | undefined = [];
  #ended = false;

  tell(status: CaptureStatus): void {
    if (this.#early !== undefined && this.#early.length < BACKLOG_MAX) this.#early.push(status);
    for (const listener of this.#listeners) {
      if (listener.backlog.length >= BACKLOG_MAX) listener.backlog.shift();
      listener.backlog.push(status);
      listener.wake?.();
    }
  }

  /** No more will come; listeners get what is left. */
  end(): void {
    this.#ended = true;
    for (const listener of this.#listeners) listener.wake?.();
  }

  /** Everything told from this call on; the first call also gets what was told before it. */
  listen(): AsyncIterable<CaptureStatus> {
    const listener: Listener = { backlog: this.#early ?? [], wake: undefined };
    this.#early = undefined;
    this.#listeners.add(listener);
    return this.#drain(listener);
  }

  async *#drain(listener: Listener): AsyncGenerator<CaptureStatus> {
    try {
      for (;;) {
        const batch = listener.backlog;
        listener.backlog = [];
        yield* batch;
        if (listener.backlog.length > 0) continue;
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          listener.wake = resolve;
        });
        listener.wake = undefined;
      }
    } finally {
      this.#listeners.delete(listener);
    }
  }
}
