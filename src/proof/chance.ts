/** Seeded chance: the same seed always draws the same numbers, so that a schedule can be run again. */
import { mulberry32 } from "../base/index.ts";

/** A source of random numbers. */
export class Chance {
  /** From 0 (included) to 1 (excluded). */
  readonly next: () => number;

  /** Any integer is a seed; neighbouring ones give unrelated numbers. */
  constructor(seed: number) {
    this.next = mulberry32(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b));
  }

  /** An integer from 0 to `bound` - 1. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in `probability` of all cases. */
  happens(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the items, which must not be none. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }
}
