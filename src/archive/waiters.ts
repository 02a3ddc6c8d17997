/** Promises that wait for a rising number to reach a mark. */

interface Waiter {
  readonly mark: number;
  readonly resolve: () => void;
  readonly reject: (why: Error) => void;
}

export class Waiters {
  #waiting: Waiter[] = [];

  /** Resolves once `reached` was called with `mark` or more. */
  until(mark: number): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ mark, resolve, reject }));
  }

  reached(level: number): void {
    if (this.#waiting.length === 0) return;
    const done = this.#waiting.filter((waiter) => waiter.mark <= level);
    this.#waiting = this.#waiting.filter((waiter) => waiter.mark > level);
    for (const waiter of done) waiter.resolve();
  }

  /** Ends all waiting: the mark will never be reached. */
  reject(why: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) waiter.reject(why);
  }
}
