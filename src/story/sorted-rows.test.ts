import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PAGE_ROWS } from "../base/index.ts";
import { NO_ROW, RowTable } from "./columns.ts";
import { type Page, RowPagesInMemory } from "./row-pages.ts";
import { sortedRows, type SortedRows } from "./sorted-rows.ts";

interface Event {
  readonly time: number;
  readonly seq: number;
  readonly lines: number;
}

function tableOf(events: readonly Event[], pages = new RowPagesInMemory()): RowTable {
  const table = new RowTable(pages);
  for (const [position, event] of events.entries()) table.add({ position, ...event }, NO_ROW);
  return table;
}

/** Of the rows from `first` on, as the walk along their chains meets them. */
function sort(table: RowTable, first = 0): SortedRows {
  return sortedRows({
    table,
    time: (row) => table.time(row),
    visit: (take) => {
      for (let row = table.count - 1; row >= first; row--) take(row);
    },
  });
}

test("rows stand in the order of time, those of one moment in the order of arrival, and all their events are counted", () => {
  const event = fc.record({ time: fc.nat(3), seq: fc.nat(100), lines: fc.nat(3) });
  fc.assert(
    fc.property(fc.uniqueArray(event, { selector: ({ seq }) => seq }), fc.nat(5), (events, first) => {
      const wanted = Array.from(events.entries())
        .slice(first)
        .toSorted(([, a], [, b]) => a.time - b.time || a.seq - b.seq);
      const { rows, events: count } = sort(tableOf(events), first);
      expect([...rows]).toEqual(wanted.map(([row]) => row));
      expect(count).toBe(wanted.reduce((sum, [, { lines }]) => sum + Math.max(1, lines), 0));
    }),
  );
});

describe("of a table of many pages", () => {
  class Counted extends RowPagesInMemory {
    /** How often another page was asked for than before. */
    turns = 0;
    #last = -1;

    override at(number: number): Page {
      if (number !== this.#last) this.turns++;
      this.#last = number;
      return super.at(number);
    }
  }

  const PAGES = 8;
  const rows = Array.from({ length: PAGES * PAGE_ROWS }, (_, row) => row);

  test.each([
    ["in the order of time, each page is met once", (row: number) => row, PAGES],
    ["half of which came late, each page is met twice", (row: number) => (row % 2 === 0 ? row : row - 3), 2 * PAGES],
  ])("%s", (_, timeOf, most) => {
    const pages = new Counted();
    const table = tableOf(
      rows.map((row) => ({ time: timeOf(row), seq: row, lines: 0 })),
      pages,
    );
    pages.turns = 0;
    const sorted = sort(table).rows;
    expect(pages.turns).toBeLessThanOrEqual(most);
    expect([...sorted]).toEqual(rows.toSorted((a, b) => timeOf(a) - timeOf(b) || a - b));
  });
});
