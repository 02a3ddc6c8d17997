/** Numbers things in the order in which they are met, from 0. `all` may be walked over while more are met. */
export class Numbering<T extends object> {
  readonly all: T[] = [];
  readonly #numbers = new Map<T, number>();

  of(thing: T): number {
    const known = this.#numbers.get(thing);
    if (known !== undefined) return known;
    this.#numbers.set(thing, this.all.length);
    return this.all.push(thing) - 1;
  }
}

/** The other way: which thing has a number. The function throws a `RangeError` where none has; `what` says what is numbered. */
export function byNumber<T extends object>(all: readonly T[], what: string): (number: number) => T {
  return (number) => {
    const thing = all[number];
    if (thing === undefined) throw new RangeError(`there is no ${what} ${number}`);
    return thing;
  };
}
