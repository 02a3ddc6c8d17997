/** What is known of each record of a recording, as rows of numbers: pages of typed arrays, so that growing copies nothing. */
import { packed, type PackedColumn, PAGE_ROWS, valueAt } from "../base/index.ts";
import { type RowPages, RowPagesInMemory } from "./row-pages.ts";

/** What is known of one record of a story without reading it: some 15 bytes. */
export interface Row {
  readonly position: number;
  /** When it happened; of a log block, its first line. */
  readonly time: number;
  readonly seq: number;
  /** Lines of a log block, 0 for any other record. */
  readonly lines: number;
  /**
   * What another clock says, as milliseconds beside `time`. Of a container's start or end: the node's time. Of a Kubernetes
   * Event: its arrival when positive, its own time when negative, as the other one of the two is `time`.
   */
  readonly beside?: number | undefined;
  /** Row of the transition before it of the same container, or of the same pod. Set for every transition. */
  readonly transition?: number | undefined;
}

/** The end of a chain: the first row of a stream has no row before it. */
export const NO_ROW = -1;

/** Twenty-four days: two clocks that differ by more are not told apart. */
const BESIDE_MAX_MS = 2 ** 31 - 1;

/** In the order in which they stand in a page. */
const COLUMNS = { position: 0, time: 1, seq: 2, lines: 3, before: 4, beside: 5, transition: 6 } as const;
type ColumnName = keyof typeof COLUMNS;

/** A table of rows but for its full pages, which stand one behind the other. */
export interface RowTableState {
  readonly count: number;
  /** Rows of the page that is being filled, by column. */
  readonly open: readonly Float64Array[];
}

/** Rows in the order of arrival. The rows of one stream form a chain, from its last row backwards. */
export class RowTable {
  #count = 0;
  readonly #pages: RowPages;
  /** The page that is being filled. */
  readonly #open: readonly Float64Array[] = Object.keys(COLUMNS).map(() => new Float64Array(PAGE_ROWS));

  constructor(pages: RowPages = new RowPagesInMemory()) {
    this.#pages = pages;
  }

  state(): RowTableState {
    const length = this.#count % PAGE_ROWS;
    return { count: this.#count, open: this.#open.map((column) => column.slice(0, length)) };
  }

  /** The pages that are full now, each as bytes: they never change. */
  fullPages(): Iterable<Uint8Array> {
    return this.#pagesBefore(this.#pages.count);
  }

  *#pagesBefore(count: number): Generator<Uint8Array> {
    for (let number = 0; number < count; number++) yield this.#pages.bytes(number);
  }

  /** For a table without a row. */
  restore({ count, open }: RowTableState, fullPages: Iterable<Uint8Array>): void {
    for (const page of fullPages) this.#pages.addBytes(page, this.#open.length);
    this.#count = count;
    for (const [at, column] of open.entries()) this.#open[at]?.set(column);
  }

  /** Adds a row behind `before` in its chain; returns its number. */
  add(row: Row, before: number): number {
    const at = this.#count;
    this.#set("position", row.position);
    this.#set("time", row.time);
    this.#set("seq", row.seq);
    this.#set("lines", row.lines);
    // Rows back to the one before it in its chain, 0 for none.
    this.#set("before", before === NO_ROW ? 0 : at - before);
    // As `toNatural` writes it, 0 for none.
    this.#set("beside", row.beside === undefined ? 0 : toNatural(row.beside));
    // One more than the rows back to the transition before it, 0 for what is no transition, 1 for the first one.
    this.#set("transition", row.transition === undefined ? 0 : row.transition === NO_ROW ? 1 : at - row.transition + 1);
    this.#count++;
    if (this.#count % PAGE_ROWS === 0) this.#pages.add(this.#open.map(packed));
    return at;
  }

  /** Rows so far. */
  get count(): number {
    return this.#count;
  }

  time(row: number): number {
    return this.#get("time", row);
  }

  seq(row: number): number {
    return this.#get("seq", row);
  }

  lines(row: number): number {
    return this.#get("lines", row);
  }

  position(row: number): number {
    return this.#get("position", row);
  }

  before(row: number): number {
    const back = this.#get("before", row);
    return back === 0 ? NO_ROW : row - back;
  }

  /** What another clock says, milliseconds beside `time`; undefined where none does. */
  beside(row: number): number | undefined {
    const stored = this.#get("beside", row);
    if (stored === 0) return undefined;
    return stored % 2 === 1 ? (stored - 1) / 2 : -stored / 2;
  }

  isTransition(row: number): boolean {
    return this.#get("transition", row) !== 0;
  }

  /** The transition before it of the same container or pod; `NO_ROW` for the first one. */
  transitionBefore(row: number): number {
    const stored = this.#get("transition", row);
    return stored <= 1 ? NO_ROW : row - (stored - 1);
  }

  #set(name: ColumnName, value: number): void {
    const column = this.#open[COLUMNS[name]];
    if (column !== undefined) column[this.#count % PAGE_ROWS] = value;
  }

  #get(name: ColumnName, row: number): number {
    const page = Math.floor(row / PAGE_ROWS);
    if (page === this.#pages.count) return this.#open[COLUMNS[name]]?.[row % PAGE_ROWS] ?? 0;
    const column: PackedColumn | undefined = this.#pages.at(page)[COLUMNS[name]];
    return column === undefined ? 0 : valueAt(column, row % PAGE_ROWS);
  }
}

/** 0, -1, 1, -2 … as 1, 2, 3, 4 …: what is small either way stays small. */
function toNatural(beside: number): number {
  const ms = Math.max(-BESIDE_MAX_MS, Math.min(BESIDE_MAX_MS, Math.round(beside)));
  return ms >= 0 ? 2 * ms + 1 : -2 * ms;
}
