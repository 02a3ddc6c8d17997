/** A binary heap: the least item first. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfLess(at, parent)) return;
      at = parent;
    }
  }

  pop(): T | undefined {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    items[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const child = left + 1 < items.length && this.#isLess(left + 1, left) ? left + 1 : left;
      if (child >= items.length || !this.#swapIfLess(child, at)) return first;
      at = child;
    }
  }

  #swapIfLess(lower: number, upper: number): boolean {
    if (!this.#isLess(lower, upper)) return false;
    const [a, b] = [this.#items[lower], this.#items[upper]];
    if (a !== undefined && b !== undefined) [this.#items[lower], this.#items[upper]] = [b, a];
    return true;
  }

  #isLess(a: number, b: number): boolean {
    const [left, right] = [this.#items[a], this.#items[b]];
    return left !== undefined && right !== undefined && this.#compare(left, right) < 0;
  }
}
