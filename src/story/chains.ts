/** Walks along many chains of rows at a time, so that the pages of the table are met one after another. */
import { NO_ROW, type RowTable } from "./columns.ts";
import { Heap } from "./heap.ts";

/** The rows of one stream, by its last row. */
export interface Chain {
  readonly lastRow: number;
}

/**
 * Visits the rows of all chains, the newest first. `later` is the row behind it in its chain, `NO_ROW` for the last one; `false` ends
 * the chain.
 */
export function visitNewestFirst<C extends Chain>(
  rows: RowTable,
  chains: readonly C[],
  visit: (row: number, chain: C, later: number) => boolean,
): void {
  const ahead = new Heap<{ readonly row: number; readonly chain: C; readonly later: number }>((a, b) => b.row - a.row);
  for (const chain of chains) if (chain.lastRow !== NO_ROW) ahead.push({ row: chain.lastRow, chain, later: NO_ROW });
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    let { row, later } = at;
    const next = ahead.peek()?.row ?? NO_ROW;
    while (row !== NO_ROW && row >= next && visit(row, at.chain, later)) [row, later] = [rows.before(row), row];
    if (row !== NO_ROW && row < next) ahead.push({ row, chain: at.chain, later });
  }
}
