/**
 * How watches are held back while what they told waits to be recorded. Reading on would put versions into memory and then on disk, and one
 * that comes back from there is parsed anew (`watch-pods` in `bench/`: twice the CPU). But a server ends a watch that is not read for
 * long (`cacheWatcher.add` of Kubernetes), so each pause is short, and as long a time of reading follows it.
 */
import { type Clock, within } from "../base/index.ts";

/** A sync that takes longer is a disk that does not keep up; what a server sends meanwhile fits into the socket's buffers. */
const PAUSE_MS = 500;

export class ReadingPace {
  readonly #clock: Clock;
  #pausedAt = Number.NEGATIVE_INFINITY;
  #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something waits: resolves when nothing does any more, or when reading must go on; `undefined` when it must now. */
  pause(): Promise<unknown> | undefined {
    const now = this.#clock.monotonic();
    if (now - this.#pausedAt >= 2 * PAUSE_MS) this.#pausedAt = now;
    const left = this.#pausedAt + PAUSE_MS - now;
    if (left <= 0) return undefined;
    return within(this.#clock, left, new Promise<void>((resolve) => this.#waiting.push(resolve)));
  }

  /** Nothing waits. */
  caughtUp(): void {
    this.#pausedAt = Number.NEGATIVE_INFINITY;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}
