import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { PAGE_ROWS } from "../base/index.ts";
import { visitNewestFirst } from "./chains.ts";
import { NO_ROW, RowTable } from "./columns.ts";
import { Heap } from "./heap.ts";
import { RowPagesOnDisk } from "./rows-on-disk.ts";

test("rows keep their values over many pages, and chains lead back to their first row", () => {
  const rows = new RowTable();
  const last = [NO_ROW, NO_ROW, NO_ROW];
  for (let count = 0; count < 50_000; count++) {
    const chain = count % 3;
    last[chain] = rows.add(
      { position: 2 ** 40 + count, time: count + 0.25, seq: 2 ** 33 + count, lines: count % 7 },
      last[chain] ?? NO_ROW,
    );
  }
  for (const [chain, end] of last.entries()) {
    let length = 0;
    for (let row = end; row !== NO_ROW; row = rows.before(row)) {
      expect([row % 3, rows.position(row), rows.time(row), rows.seq(row), rows.lines(row)]).toEqual([
        chain,
        2 ** 40 + row,
        row + 0.25,
        2 ** 33 + row,
        row % 7,
      ]);
      length++;
    }
    expect(length).toBe(Math.floor((50_000 - 1 - chain) / 3) + 1);
  }
});

const directory = mkdtempSync(join(tmpdir(), "faro-rows-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each([
  ["in memory", () => new RowTable()],
  ["on disk", () => new RowTable(new RowPagesOnDisk(join(directory, "rows")))],
])("%s", (_where, newTable) => {
  test("whatever rows hold, full pages give it back as it was", () => {
    const any = fc.record({
      position: fc.oneof(fc.nat(300), fc.maxSafeNat()),
      time: fc.oneof(fc.nat(70_000), fc.double({ noNaN: true, noDefaultInfinity: true })),
      seq: fc.nat(),
      lines: fc.nat(300),
      beside: fc.option(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -(2 ** 31 - 1), max: 2 ** 31 - 1 })), {
        nil: undefined,
      }),
      back: fc.option(fc.nat(9_000), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 50 }), (some) => {
        const rows = newTable();
        const kinds = Array.from(
          { length: 9_000 },
          (_, at) => some[(at * at) % some.length] ?? { back: undefined, beside: undefined },
        );
        for (const [at, { back, ...row }] of kinds.entries()) {
          const before = back === undefined || back === 0 || back > at ? NO_ROW : at - back;
          rows.add(
            { position: 0, time: 0, seq: 0, lines: 0, ...row, transition: back === undefined ? undefined : before },
            before,
          );
        }
        const wrong = kinds.findIndex(({ back, ...row }, at) => {
          const before = back === undefined || back === 0 || back > at ? NO_ROW : at - back;
          const same =
            "time" in row && rows.time(at) === row.time && rows.position(at) === row.position && rows.seq(at) === row.seq;
          const isChained =
            rows.before(at) === before && rows.isTransition(at) === (back !== undefined) && rows.transitionBefore(at) === before;
          return !same || rows.lines(at) !== row.lines || rows.beside(at) !== row.beside || !isChained;
        });
        expect(wrong).toBe(-1);
      }),
      { numRuns: 20 },
    );
  });
});

describe("rows on disk", () => {
  const ROWS = 100 * PAGE_ROWS;

  /** Two chains; a row for each thousandth of a second. */
  function filled(pages: RowPagesOnDisk, count: number = ROWS): RowTable {
    const rows = new RowTable(pages);
    for (let at = 0; at < count; at++)
      rows.add({ position: at * 700, time: at, seq: at + 1, lines: at % 2 }, at < 2 ? NO_ROW : at - 2);
    return rows;
  }

  test("are read back when memory holds them no more, in any order", () => {
    const pages = new RowPagesOnDisk(join(directory, "any-order"));
    const rows = filled(pages);
    for (let step = 0, at = 0; step < 20_000; step++, at = (at + 7_919 * PAGE_ROWS + 13) % ROWS)
      expect([rows.position(at), rows.time(at), rows.seq(at), rows.lines(at)]).toEqual([at * 700, at, at + 1, at % 2]);
    let visited = ROWS;
    visitNewestFirst(rows, [{ lastRow: ROWS - 1 }, { lastRow: ROWS - 2 }, { lastRow: NO_ROW }], (row) => row === --visited);
    expect(visited).toBe(0);
    pages.close();
  });

  test("leave no name, and memory does not grow with them", () => {
    const before = process.memoryUsage().arrayBuffers;
    const pages = new RowPagesOnDisk(join(directory, "flat"));
    const rows = filled(pages, 3 * ROWS);
    // 37 KB for a page; those in memory take 2.4 MB, all would take 11 MB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(7 << 20);
    expect(rows.time(5)).toBe(5);
    expect(readdirSync(directory)).toEqual([]);
    pages.close();
  });

  test("stay in memory when there is no place for them", () => {
    const rows = filled(new RowPagesOnDisk(join(directory, "nowhere", "rows")));
    expect([0, PAGE_ROWS, ROWS - 1].map((at) => rows.position(at))).toEqual([0, PAGE_ROWS * 700, (ROWS - 1) * 700]);
  });

  test("are told when the disk does not give them back", () => {
    const pages = new RowPagesOnDisk(join(directory, "gone"));
    const rows = filled(pages);
    pages.close();
    expect(() => rows.time(0)).toThrow("page 0 of the rows cannot be read back");
  });
});

test("a heap gives its items back in order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (items) => {
      const heap = new Heap<number>((a, b) => a - b);
      for (const item of items) heap.push(item);
      const out: number[] = [];
      for (let item = heap.pop(); item !== undefined; item = heap.pop()) out.push(item);
      expect(out).toEqual([...items].sort((a, b) => a - b));
    }),
  );
});
