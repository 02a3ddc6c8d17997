/** The rows of one story in the order of time. */
import { PAGE_ROWS } from "../base/index.ts";
import { NO_ROW, type RowTable } from "./columns.ts";

export interface SortedRows {
  readonly rows: Uint32Array;
  /** Records that are no log blocks, and the lines of those that are. */
  readonly events: number;
}

export interface SortedRowsOf {
  readonly table: RowTable;
  /** When a row happened, by the story's clock. */
  readonly time: (row: number) => number;
  /** Hands over each row of the story once, nearly the last one first. */
  readonly visit: (take: (row: number) => void) => void;
}

/**
 * Goes over the table's pages once, and where the order of arrival is not that of time once more: they may have to be read from the disk.
 * Ten million rows are 40 MB here, and another 200 MB while they are sorted.
 */
export function sortedRows({ table, time, visit }: SortedRowsOf): SortedRows {
  const pages: Uint32Array[] = [];
  let [count, events, isSorted] = [0, 0, true];
  let last = { row: NO_ROW, time: Number.POSITIVE_INFINITY };
  visit((row) => {
    const place = count++ % PAGE_ROWS;
    if (place === 0) pages.push(new Uint32Array(PAGE_ROWS));
    const page = pages.at(-1);
    if (page !== undefined) page[place] = row;
    events += Math.max(1, table.lines(row));
    const at = time(row);
    isSorted &&= at < last.time || (at === last.time && (last.row === NO_ROW || table.seq(row) < table.seq(last.row)));
    last = { row, time: at };
  });
  const rows = new Uint32Array(count);
  for (const [number, page] of pages.entries()) rows.set(page.subarray(0, count - number * PAGE_ROWS), number * PAGE_ROWS);
  rows.reverse();
  return { rows: isSorted ? rows : sorted(rows, { table, time }), events };
}

/** Times and places in the order of arrival are at hand while it compares, as each row is compared many times. */
function sorted(rows: Uint32Array, { table, time }: Pick<SortedRowsOf, "table" | "time">): Uint32Array {
  const [times, seqs] = [new Float64Array(rows.length), new Float64Array(rows.length)];
  for (const [place, row] of rows.entries()) {
    times[place] = time(row);
    seqs[place] = table.seq(row);
  }
  const places = Uint32Array.from(rows, (_, place) => place);
  places.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || (seqs[a] ?? 0) - (seqs[b] ?? 0));
  return places.map((place) => rows[place] ?? 0);
}
