/**
 * Full pages of the table of rows. Each column of one is kept as differences from its least value, in as few bytes each as they
 * take: some 15 bytes a row for all of them.
 */

export const PAGE_ROWS: number = 1 << 12;

export type NumberArray = Float64Array | Uint32Array | Uint16Array | Uint8Array;

/** Values are `base` and what stands in `above`; a column of one value alone has no `above`. */
export interface PackedColumn {
  readonly base: number;
  readonly above: NumberArray | undefined;
}

export type Page = readonly PackedColumn[];

/** Pages by their number, from 0. */
export interface RowPages {
  readonly count: number;
  add(page: Page): void;
  /** For reading at once: it may be gone when the next page is asked for. */
  at(number: number): Page;
}

export class RowPagesInMemory implements RowPages {
  readonly #pages: Page[] = [];

  get count(): number {
    return this.#pages.length;
  }

  add(page: Page): void {
    this.#pages.push(page);
  }

  at(number: number): Page {
    return this.#pages[number] ?? [];
  }
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
