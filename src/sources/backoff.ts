/**
 * How long to wait before the next try: client-go's reflector constants (800 ms doubling to 30 s), with full
 * jitter so that many streams do not come back at the same moment, and a reset after two healthy minutes. Whoever
 * waits for a server that is away waits less: a recorder's pause is a gap in a story.
 */
import type { Clock } from "../base/index.ts";

const FIRST_MS = 800;
const CAP_MS = 30_000;
const HEALTHY_MS = 120_000;
/** So often is a server that is away asked: one request in most of a second costs it next to nothing, once it is back. */
const AWAY_CAP_MS = 1_500;
/** Longer than a control plane takes to be replaced. Who is away for longer is not awaited by the second. */
const AWAY_MS = 600_000;

export class Backoff {
  readonly #clock: Clock;
  readonly #capMs: number;
  #failures = 0;
  #healthySince: number | undefined;
  #awaySince: number | undefined;

  constructor(clock: Clock, capMs: number = CAP_MS) {
    this.#clock = clock;
    this.#capMs = capMs;
  }

  /** Failures since the last healthy spell. */
  get failures(): number {
    return this.#failures;
  }

  /** A connection stands. It counts as health once it has held for two minutes. */
  healthy(): void {
    this.#healthySince ??= this.#clock.monotonic();
    this.#awaySince = undefined;
  }

  /** Milliseconds to wait after a failure. `atLeastMs` is the server's own wish (`Retry-After`). */
  failed(atLeastMs: number = 0): number {
    if (this.#healthySince !== undefined && this.#clock.monotonic() - this.#healthySince >= HEALTHY_MS) this.#failures = 0;
    this.#healthySince = undefined;
    const ceiling = Math.min(this.#capMs, FIRST_MS * 2 ** Math.min(this.#failures, 16));
    this.#failures++;
    return Math.max(atLeastMs, this.#clock.random() * ceiling);
  }

  /** Milliseconds to wait after a request that nobody could serve. `atLeastMs` is the server's own wish (`Retry-After`). */
  away(atLeastMs: number = 0): number {
    const now = this.#clock.monotonic();
    this.#awaySince ??= now;
    if (now - this.#awaySince >= AWAY_MS) return this.failed(atLeastMs);
    return Math.max(atLeastMs, this.#clock.random() * AWAY_CAP_MS);
  }

  reset(): void {
    this.#awaySince = undefined;
    this.#failures = 0;
    this.#healthySince = undefined;
  }
}
