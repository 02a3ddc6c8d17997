/**
 * Where the readers of one container's log put what they find. They are asynchronous functions that hand on, and not generators that
 * are asked: a line came up through nine of these, which made 25 KB of garbage, and what a thousand quiet logs held while they waited
 * for their next line outlived every collection (`bench/streams.mjs`).
 */
import type { LogItem } from "./log-item.ts";

/** Works off one item: at once, or by the time that the promise resolves. */
export type TakesLog = (item: LogItem) => Promise<void> | undefined;

export class LogSink {
  readonly #take: TakesLog;
  #last: Promise<void> | undefined;

  constructor(take: TakesLog) {
    this.#take = take;
  }

  /** Hands on one item after the other, of all readers: none before the last one was worked off. `undefined` when all were at once. */
  put(items: readonly LogItem[]): Promise<void> | undefined {
    for (const [at, item] of items.entries()) {
      const work = this.#give(item);
      if (work !== undefined) return work.then(() => this.put(items.slice(at + 1)));
    }
    return undefined;
  }

  #give(item: LogItem): Promise<void> | undefined {
    const work = this.#last === undefined ? this.#take(item) : this.#last.then(() => this.#take(item));
    if (work === undefined) return undefined;
    const mine = work.finally(() => {
      if (this.#last === mine) this.#last = undefined;
    });
    this.#last = mine;
    return mine;
  }
}
