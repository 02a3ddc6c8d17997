/** Several async sources as one sequence: the items of each in its order, and of all in the order in which they came. */

interface Offer<T> {
  readonly value: T;
  readonly taken: () => void;
}

/** Read by one consumer. No source is asked for its next item before its last one was worked off. */
export class Merge<T> implements AsyncIterable<T> {
  readonly #offers: Offer<T>[] = [];
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;
  #isLeft = false;
  #wake: () => void = () => {};

  /** Adds a source; also while the sequence is read. */
  add(source: AsyncIterable<T>): void {
    const running = this.#forward(source).catch((error: unknown) => {
      this.#failure ??= { error };
    });
    this.#running.add(running);
    void running.then(() => {
      this.#running.delete(running);
      this.#wake();
    });
  }

  /** Ends when every source has, and throws what the first of them threw. Items are not waited for any more once it is left. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure.error;
        const [offer] = this.#offers;
        if (offer !== undefined) {
          yield offer.value;
          this.#offers.shift();
          offer.taken();
        } else if (this.#running.size === 0) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.#isLeft = true;
      for (const { taken } of this.#offers.splice(0)) taken();
    }
  }

  /** Resolves when every source has ended. Who leaves the sequence early has to see to it that they do. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #forward(source: AsyncIterable<T>): Promise<void> {
    for await (const value of source) {
      await new Promise<void>((taken) => {
        if (this.#isLeft) taken();
        else this.#offers.push({ value, taken });
        this.#wake();
      });
      if (this.#isLeft) return;
    }
  }
}
