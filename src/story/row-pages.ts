/** Full pages of the table of rows: packed columns, some 15 bytes a row for all of them. */
import type { PackedColumn } from "../base/index.ts";

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
