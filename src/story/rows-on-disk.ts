/**
 * Pages of rows in a file: memory holds those that were added or read last, however long the recording. The file belongs to this
 * process and has no name, so that nothing is left of it, whatever ends the process.
 */
import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { decodePage, encodePage, type Page, type RowPages } from "./row-pages.ts";

/** Some 4 MB, for a quarter of a million rows. */
const HELD = 64;
const FILE_MODE = 0o600;

interface Held {
  readonly memory: ArrayBuffer;
  readonly page: Page;
  usedAt: number;
}

export class RowPagesOnDisk implements RowPages {
  readonly #path: string;
  readonly #heldMax: number;
  #file: number | undefined;
  #columns = 0;
  /** Where each page begins and the next one would; one that the disk did not take has no length. */
  readonly #begins: number[] = [0];
  readonly #held = new Map<number, Held>();
  /** What the disk did not take. */
  readonly #unwritten = new Map<number, Page>();
  #uses = 0;

  /**
   * @param path where a file can be made; it is there for a moment only.
   * @param heldMax pages in memory
   */
  constructor(path: string, heldMax: number = HELD) {
    this.#path = path;
    this.#heldMax = heldMax;
  }

  get count(): number {
    return this.#begins.length - 1;
  }

  /** On a disk that is full or broken the page stays in memory: no row is ever lost. */
  add(page: Page): void {
    const number = this.count;
    const begin = this.#begins[number] ?? 0;
    this.#columns = page.length;
    const memory = encodePage(page, (bytes) => this.#roomFor(bytes));
    const isWritten = this.#write(memory, begin);
    this.#begins.push(isWritten ? begin + memory.byteLength : begin);
    if (isWritten) this.#hold(number, memory.buffer);
    else this.#unwritten.set(number, page);
  }

  addBytes(bytes: Uint8Array, columns: number): void {
    const memory = new Uint8Array(bytes);
    this.#columns = columns;
    this.add(decodePage(memory.buffer, columns));
  }

  bytes(number: number): Uint8Array {
    const unwritten = this.#unwritten.get(number);
    return unwritten === undefined ? this.#read(number, new Uint8Array(this.#lengthOf(number))) : encodePage(unwritten);
  }

  /** @throws what `node:fs` throws, when the disk does not give back what it took. */
  at(number: number): Page {
    const held = this.#held.get(number);
    if (held === undefined)
      return this.#unwritten.get(number) ?? this.#hold(number, this.#read(number, this.#roomFor(this.#lengthOf(number))).buffer);
    held.usedAt = ++this.#uses;
    return held.page;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #write(bytes: Uint8Array, begin: number): boolean {
    try {
      const file = this.#file ?? this.#open();
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, begin + done);
      return true;
    } catch {
      return false;
    }
  }

  #open(): number {
    rmSync(this.#path, { force: true });
    this.#file = openSync(this.#path, "wx+", FILE_MODE);
    rmSync(this.#path, { force: true });
    return this.#file;
  }

  #lengthOf(number: number): number {
    const [begin = 0, end = 0] = this.#begins.slice(number, number + 2);
    return end - begin;
  }

  #read(number: number, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const begin = this.#begins[number] ?? 0;
    for (let done = 0; done < bytes.length;) {
      const count = this.#file === undefined ? 0 : readSync(this.#file, bytes, done, bytes.length - done, begin + done);
      if (count === 0) throw new Error(`page ${number} of the rows cannot be read back`);
      done += count;
    }
    return bytes;
  }

  #hold(number: number, memory: ArrayBuffer): Page {
    const page = decodePage(memory, this.#columns);
    this.#held.set(number, { memory, page, usedAt: ++this.#uses });
    return page;
  }

  /** The memory of the page that was used longest ago, or new one. */
  #roomFor(bytes: number): Uint8Array<ArrayBuffer> {
    let eldest: number | undefined;
    let usedAt = Number.POSITIVE_INFINITY;
    if (this.#held.size === this.#heldMax)
      for (const [number, held] of this.#held) if (held.usedAt < usedAt) [eldest, usedAt] = [number, held.usedAt];
    const memory = eldest === undefined ? undefined : this.#held.get(eldest)?.memory;
    if (eldest !== undefined) this.#held.delete(eldest);
    const isEnough = memory !== undefined && memory.byteLength >= bytes;
    return new Uint8Array(isEnough ? memory : new ArrayBuffer(bytes), 0, bytes);
  }
}
