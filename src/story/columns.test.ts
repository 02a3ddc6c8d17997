import * as fc from "fast-check";
import { expect, test } from "vitest";
import { NO_ROW, RowTable } from "./columns.ts";
import { Heap } from "./heap.ts";

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
      const rows = new RowTable();
      const kinds = Array.from(
        { length: 9_000 },
        (_, at) => some[(at * at) % some.length] ?? { back: undefined, beside: undefined },
      );
      for (const [at, { back, ...row }] of kinds.entries()) {
        const before = back === undefined || back === 0 || back > at ? NO_ROW : at - back;
        rows.add({ position: 0, time: 0, seq: 0, lines: 0, ...row, transition: back === undefined ? undefined : before }, before);
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
