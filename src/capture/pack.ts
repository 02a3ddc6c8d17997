/**
 * Plain data as bytes and back. Lists that may be long, wherever they stand in it, are packed part by part: each piece is
 * made in one step, which takes some milliseconds however much there is.
 */
import { deserialize, serialize } from "node:v8";
import { LongList } from "../base/index.ts";

/** Rows of long lists in one piece: half a megabyte of the largest. */
export const ROWS_IN_PIECE = 256;

/** Stands for a long list in what surrounds it. */
interface Place {
  readonly longList: number;
}

const END = new Uint8Array(0);

type Part = readonly [longList: number, rows: readonly unknown[]];

/** Pieces of `value`: what is short, the long lists in the order in which they stand in it, and an empty one. */
export function* pack(value: unknown, rowsInPiece: number = ROWS_IN_PIECE): Generator<Uint8Array> {
  const lists: LongList<unknown>[] = [];
  yield serialize(withPlaces(value, lists));
  let parts: Part[] = [];
  let count = 0;
  for (const [number, list] of lists.entries()) {
    let rows: unknown[] = [];
    for (const row of list) {
      if (rows.length === 0) parts.push([number, rows]);
      rows.push(row);
      if (++count < rowsInPiece) continue;
      yield serialize(parts);
      [parts, rows, count] = [[], [], 0];
    }
  }
  if (parts.length > 0) yield serialize(parts);
  yield END;
}

export interface Unpacked {
  /** Long lists are arrays. */
  readonly value: unknown;
  /** The pieces behind its own. */
  readonly rest: readonly Uint8Array[];
}

/** What `pack` made pieces of. @throws the errors of `node:v8` where these are none */
export function unpack(pieces: readonly Uint8Array[]): Unpacked {
  const end = pieces.findIndex(({ byteLength }) => byteLength === 0);
  const [first = END, ...others] = pieces.slice(0, end);
  const lists = new Map<number, unknown[]>();
  for (const piece of others) {
    // Its shape is trusted: this Faro wrote it.
    for (const [number, rows] of deserialize(piece) as readonly Part[]) {
      const list = lists.get(number);
      if (list === undefined) lists.set(number, [...rows]);
      else for (const row of rows) list.push(row);
    }
  }
  return { value: withLists(deserialize(first), lists), rest: pieces.slice(end + 1) };
}

function withPlaces(value: unknown, lists: LongList<unknown>[]): unknown {
  if (value instanceof LongList) return { longList: lists.push(value) - 1 } satisfies Place;
  return mapMembers(value, (member) => withPlaces(member, lists));
}

function withLists(value: unknown, lists: ReadonlyMap<number, readonly unknown[]>): unknown {
  if (isPlace(value)) return lists.get(value.longList) ?? [];
  return mapMembers(value, (member) => withLists(member, lists));
}

function isPlace(value: unknown): value is Place {
  return typeof value === "object" && value !== null && "longList" in value && typeof value.longList === "number";
}

/** Objects and arrays anew; whatever else there is, as a map, has no long list in it and stays what it is. */
function mapMembers(value: unknown, change: (member: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member)]));
}
