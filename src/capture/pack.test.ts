import { deserialize } from "node:v8";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LongList } from "../base/index.ts";
import { pack, unpack } from "./pack.ts";

const at = fc.constantFrom(undefined, Number.NEGATIVE_INFINITY);
const row = fc.oneof(fc.integer(), fc.string(), fc.record({ uid: fc.string(), at }, { noNullPrototype: true }));
const lists = fc.array(fc.array(row, { maxLength: 20 }), { maxLength: 5 });

/** The lists as they stand in a state: side by side, and each below something. */
function stateOf(rows: readonly (readonly unknown[])[], listOf: (rows: readonly unknown[]) => unknown): unknown {
  return {
    short: new Map([["a", 1]]),
    all: rows.map((each, number) => ({ number, below: { list: listOf(each) } })),
    end: undefined,
  };
}

test("what was packed in pieces of any size is what it was", () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 30 }), (rows, size) => {
      const pieces = [
        ...pack(
          stateOf(rows, (each) => new LongList(each)),
          size,
        ),
        Buffer.from("behind"),
      ];
      const { value, rest } = unpack(pieces);
      expect(value).toStrictEqual(stateOf(rows, (each) => [...each]));
      expect(rest).toEqual([Buffer.from("behind")]);
    }),
  );
});

test("no piece takes more rows than it may, and no row is made before its piece", () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 30 }), (rows, size) => {
      let made = 0;
      const endings: number[] = [];
      const counted = (each: readonly unknown[]): LongList<unknown> => LongList.of(each, (one) => (made++, one));
      const all = rows.flat().length;
      for (const _ of pack(stateOf(rows, counted), size)) endings.push(made);
      const full = Array.from({ length: Math.floor(all / size) }, (_, piece) => (piece + 1) * size);
      expect(endings).toEqual([0, ...full, ...(all % size === 0 ? [] : [all]), all]);
    }),
  );
});

test("a piece tells of each row whose list it belongs to", () => {
  const [, second = new Uint8Array(), third = new Uint8Array()] = pack([new LongList([1, 2]), new LongList([3, 4])], 3);
  expect([deserialize(second), deserialize(third)]).toEqual([
    [
      [0, [1, 2]],
      [1, [3]],
    ],
    [[1, [4]]],
  ]);
});
