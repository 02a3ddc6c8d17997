/**
 * Columns of numbers, packed a page at a time: each is kept as differences from the least value of its page, in as few bytes each as
 * they take.
 */

/** Values of a page. */
export const PAGE_ROWS: number = 1 << 12;

export type NumberArray = Float64Array | Uint32Array | Uint16Array | Uint8Array;

/** Values are `base` and what stands in `above`; a column of one value alone has no `above`. */
export interface PackedColumn {
  readonly base: number;
  readonly above: NumberArray | undefined;
}

/** Values are whole numbers below 2^53, or any number at all: then they stay as they are. */
export function packed(values: Float64Array): PackedColumn {
  let [least, most, areWhole] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
    areWhole &&= Number.isSafeInteger(value);
  }
  const spread = most - least;
  if (!areWhole || spread > 0xffff_ffff) return { base: 0, above: values.slice() };
  if (spread === 0) return { base: least, above: undefined };
  const above =
    spread <= 0xff ? new Uint8Array(PAGE_ROWS) : spread <= 0xffff ? new Uint16Array(PAGE_ROWS) : new Uint32Array(PAGE_ROWS);
  for (let row = 0; row < PAGE_ROWS; row++) above[row] = (values[row] ?? 0) - least;
  return { base: least, above };
}

export function valueAt({ base, above }: PackedColumn, row: number): number {
  return above === undefined ? base : base + (above[row] ?? 0);
}

/** Numbers in the order in which they were added, read in that order. */
export class PackedNumbers implements Iterable<number> {
  readonly #pages: PackedColumn[] = [];
  readonly #open = new Float64Array(PAGE_ROWS);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    this.#open[this.#length++ % PAGE_ROWS] = value;
    if (this.#length % PAGE_ROWS === 0) this.#pages.push(packed(this.#open));
  }

  *[Symbol.iterator](): Generator<number> {
    for (const page of this.#pages) for (let row = 0; row < PAGE_ROWS; row++) yield valueAt(page, row);
    yield* this.#open.subarray(0, this.#length % PAGE_ROWS);
  }
}
