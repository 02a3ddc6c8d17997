/**
 * Joins the chunks of a body that come shortly after one another. What a server writes line by line arrives line by line,
 * and each chunk costs its way from the system's call through everything behind; a log of two hundred lines a second would be two
 * hundred of them. So a body of which little comes, and comes again soon, is not read for a while: what comes waits in the socket, and is
 * one chunk then (`bench/logs.mjs`: half the CPU). The first chunk after a pause goes on at once, or in the next round of many, so
 * whoever watches a quiet stream waits for nothing, and a line a second costs neither a timer nor a pause.
 */
import type { Clock } from "../base/index.ts";
import type { Inflow } from "./inflow.ts";
import type { Seat } from "./rounds.ts";

export interface GatherBounds {
  /** Chunks are joined that come within so long. */
  readonly ms: number;
  /** So many bytes wait no longer; twice as many, and the socket is not read on. */
  readonly bytes: number;
}

/** What waited in the socket has come by then. */
const SETTLE_MS = 2;
/** With such a part of `bytes` the socket may have filled meanwhile: then it is read all the time. */
const SMALL = 1 / 4;

/**
 * Yields the bytes of a body in order, joined. Everything that arrived comes out before the end, and before the error that
 * the body ended with is thrown: a connection that breaks takes nothing back. Not a generator: thousands of these wait side by side,
 * and one holds half a kilobyte more (`bench/streams.mjs`).
 */
export class Gathered implements AsyncIterableIterator<Buffer> {
  readonly #inflow: Inflow;
  readonly #clock: Clock;
  readonly #bounds: GatherBounds;
  readonly #seat: Seat;
  /** When it goes on at the soonest, monotonic ms. */
  #due = Number.NEGATIVE_INFINITY;
  #isSmall = true;

  constructor(inflow: Inflow, clock: Clock, bounds: GatherBounds, seat: Seat) {
    inflow.bound(2 * bounds.bytes);
    this.#inflow = inflow;
    this.#clock = clock;
    this.#bounds = bounds;
    this.#seat = seat;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Buffer>> {
    const inflow = this.#inflow;
    for (;;) {
      const isAwaited = inflow.bytes === 0 && !inflow.isOver;
      if (isAwaited) await inflow.change();
      if (this.#due > this.#clock.monotonic()) await this.#wait(this.#due);
      else if (isAwaited) await this.#seat.join();
      const bytes = inflow.take();
      if (bytes !== undefined) {
        this.#due = this.#seat.after(this.#clock.monotonic(), this.#bounds.ms);
        this.#isSmall = bytes.length < this.#bounds.bytes * SMALL;
        return { done: false, value: bytes };
      }
      if (inflow.hasFailed) throw inflow.failure;
      if (inflow.isOver) return { done: true, value: undefined };
    }
  }

  async #wait(due: number): Promise<void> {
    const { bytes } = this.#bounds;
    if (this.#isSmall) await rest(this.#inflow, this.#clock, { until: due - SETTLE_MS, bytes });
    await waitFor(this.#inflow, this.#clock, { until: due, bytes });
  }
}

interface Wait {
  /** Monotonic ms. */
  readonly until: number;
  readonly bytes: number;
}

/** Lets what comes wait in the socket. */
async function rest(inflow: Inflow, clock: Clock, wait: Wait): Promise<void> {
  if (!(wait.until > clock.monotonic()) || inflow.isOver) return;
  inflow.rest();
  await waitFor(inflow, clock, wait);
  inflow.goOn();
}

/** Resolves when there are enough bytes, or will be no more, or when the time has come. */
async function waitFor(inflow: Inflow, clock: Clock, { until, bytes }: Wait): Promise<void> {
  const ms = until - clock.monotonic();
  if (!(ms > 0) || inflow.bytes >= bytes || inflow.isOver) return;
  // Not the clock's time: a timer may be early by a part of a millisecond.
  const time = { isUp: false };
  const cancel = clock.after(ms, () => {
    time.isUp = true;
    inflow.changed();
  });
  while (!time.isUp && inflow.bytes < bytes && !inflow.isOver) await inflow.change(bytes);
  cancel();
}
