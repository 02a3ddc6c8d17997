/** Full pages of the table of rows: packed columns, some 15 bytes a row for all of them. */
import { type NumberArray, PAGE_ROWS, type PackedColumn } from "../base/index.ts";

export type Page = readonly PackedColumn[];

/** Pages by their number, from 0. */
export interface RowPages {
  readonly count: number;
  add(page: Page): void;
  /** For reading at once: it may be gone when the next page is asked for. */
  at(number: number): Page;
  /** A page as bytes, to be kept elsewhere. */
  bytes(number: number): Uint8Array;
  /** Adds a page of so many columns from what `bytes` gave. */
  addBytes(bytes: Uint8Array, columns: number): void;
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

  bytes(number: number): Uint8Array {
    return encodePage(this.at(number));
  }

  addBytes(bytes: Uint8Array, columns: number): void {
    this.add(decodePage(new Uint8Array(bytes).buffer, columns));
  }
}

/** Of each column its base, and the bytes of a value. */
const HEAD_NUMBERS = 2;

/** Head, then the columns that have more than one value. Each begins at a multiple of eight bytes. */
export function encodePage(
  page: Page,
  roomFor = (bytes: number): Uint8Array<ArrayBuffer> => new Uint8Array(bytes),
): Uint8Array<ArrayBuffer> {
  const head = new Float64Array(page.flatMap(({ base, above }) => [base, above?.BYTES_PER_ELEMENT ?? 0]));
  const parts = [head, ...page.flatMap(({ above }) => above ?? [])];
  const bytes = roomFor(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

export function decodePage(memory: ArrayBuffer, columns: number): Page {
  const head = new Float64Array(memory, 0, columns * HEAD_NUMBERS);
  let at = head.byteLength;
  return Array.from({ length: columns }, (_, column) => {
    const [base = 0, width = 0] = head.subarray(column * HEAD_NUMBERS);
    const above = valuesOf(width, memory, at);
    at += above?.byteLength ?? 0;
    return { base, above };
  });
}

function valuesOf(width: number, memory: ArrayBuffer, at: number): NumberArray | undefined {
  if (width === 0) return undefined;
  if (width === 1) return new Uint8Array(memory, at, PAGE_ROWS);
  if (width === 2) return new Uint16Array(memory, at, PAGE_ROWS);
  if (width === 4) return new Uint32Array(memory, at, PAGE_ROWS);
  return new Float64Array(memory, at, PAGE_ROWS);
}
