/**
 * A list among plain data that may be long: it is made and written in parts, so that other things have their turn between two of them.
 * It is gone over once.
 */
export class LongList<T> implements Iterable<T> {
  readonly #items: Iterable<T>;

  constructor(items: Iterable<T>) {
    this.#items = items;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items[Symbol.iterator]();
  }

  /** Made of each of these, when its turn comes. */
  static of<S, T>(items: Iterable<S>, make: (item: S) => T): LongList<T> {
    return new LongList(made(items, make));
  }
}

function* made<S, T>(items: Iterable<S>, make: (item: S) => T): Generator<T> {
  for (const item of items) yield make(item);
}

/** Items in one row of a set. */
const ROW_ITEMS = 16;

/** Sets by their keys, of `numberOf` each item; a large set in several rows, one behind the other. */
export function* rowsOfSets<K, T>(
  sets: Iterable<readonly [K, Iterable<T>]>,
  numberOf: (item: T) => number,
): Generator<readonly [K, readonly number[]]> {
  for (const [key, items] of sets) {
    let numbers: number[] = [];
    for (const item of items) {
      if (numbers.push(numberOf(item)) < ROW_ITEMS) continue;
      yield [key, numbers];
      numbers = [];
    }
    if (numbers.length > 0) yield [key, numbers];
  }
}
