/**
 * A queue between one or more producers and one consumer, bounded in items and bytes. When it is full,
 * `offer` says so and takes nothing: what happens then is the producer's decision (wait, spill, gap).
 */

export interface QueueBounds {
  readonly items: number;
  readonly bytes: number;
}

export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly #bounds: QueueBounds;
  #items: { readonly value: T; readonly bytes: number }[] = [];
  #head = 0;
  #bytes = 0;
  #closed = false;
  #wakeConsumer: (() => void) | undefined;
  #wakeProducers: (() => void)[] = [];

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes the item unless a bound is reached; an empty queue takes one of any size. */
  offer(value: T, bytes: number = 0): boolean {
    if (this.#closed) return false;
    if (this.size >= this.#bounds.items || (this.size > 0 && this.#bytes + bytes > this.#bounds.bytes)) return false;
    this.#items.push({ value, bytes });
    this.#bytes += bytes;
    this.#wakeConsumer?.();
    this.#wakeConsumer = undefined;
    return true;
  }

  /** Takes the item as soon as there is room; false when the queue was closed first. */
  async put(value: T, bytes: number = 0): Promise<boolean> {
    while (!this.#closed) {
      if (this.offer(value, bytes)) return true;
      await new Promise<void>((resolve) => this.#wakeProducers.push(resolve));
    }
    return false;
  }

  /** The next item, when there is one. */
  take(): T | undefined {
    return this.#next()?.value;
  }

  #next(): { readonly value: T } | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head++;
    this.#bytes -= item.bytes;
    this.#compact();
    this.#wake();
    return item;
  }

  /** Resolves when there is an item to take: true; or when the queue was closed and is empty: false. */
  async hasNext(): Promise<boolean> {
    while (this.size === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wakeConsumer = resolve;
      });
    }
    return this.size > 0;
  }

  /** No more items; the consumer still gets those that are in. */
  close(): void {
    this.#closed = true;
    this.#wakeConsumer?.();
    this.#wakeConsumer = undefined;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    while (await this.hasNext()) {
      for (let item = this.#next(); item !== undefined; item = this.#next()) yield item.value;
    }
  }

  #compact(): void {
    if (this.#head < 1_024 && this.#head < this.#items.length) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }

  #wake(): void {
    if (this.#wakeProducers.length === 0) return;
    const waiting = this.#wakeProducers;
    this.#wakeProducers = [];
    for (const wake of waiting) wake();
  }
}
