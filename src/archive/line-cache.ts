/**
 * Reads single lines at positions. A story asks for its events in the order of time, which is nearly the order
 * of the file, so the pages around the last reads are kept: least recently used goes first, and its memory takes
 * the next page. New memory for each page would cost far more than the cache itself: the garbage collector lets
 * some sixty megabytes of it pile up before it looks.
 */
import { LineMemory, type Position, positionOf } from "../record/index.ts";
import type { FileLayer, OpenFile } from "./file-layer.ts";
import { openSegment } from "./packed-segment.ts";

const PAGE_BYTES = 128 * 1024;
/** 4 MB: a story with some thirty streams side by side stays in it. */
const PAGES_MAX = 32;
/** One page is given up for each that is read; only reads side by side leave more. */
const FREE_MAX = 4;
const NEWLINE = 0x0a;

/** A stretch of a segment file; shorter than its memory where the file ended when it was read. */
interface Page {
  readonly memory: Buffer;
  readonly length: number;
  /** Number of the read that needed it last. */
  usedAt: number;
}

export class LineCache {
  readonly #layer: FileLayer;
  readonly #directory: string;
  readonly #files = new Map<number, Promise<OpenFile>>();
  /**
   * By the position at which they begin. A read that finds its page does not touch the map: V8 keeps the tables a
   * map has outgrown chained to each other, and one that is moved to the end at each read outgrows its table often.
   */
  readonly #pages = new Map<Position, Page>();
  /** Memory of pages that were given up. */
  readonly #free: Buffer[] = [];
  #reads = 0;

  constructor(layer: FileLayer, directory: string) {
    this.#layer = layer;
    this.#directory = directory;
  }

  /**
   * The line that begins at `offset`, without its newline; up to the end of the file when there is none. A copy,
   * in `into` when it is given: a page is used again as soon as another read needs room.
   */
  async line(segment: number, offset: number, into: LineMemory = new LineMemory()): Promise<Buffer> {
    into.clear();
    for (let at = offset; ;) {
      const { taken, isEnd } = await this.#take(segment, at, into);
      if (isEnd) return into.line;
      at += taken;
    }
  }

  async close(): Promise<void> {
    const files = await Promise.all(this.#files.values());
    this.#files.clear();
    this.#pages.clear();
    this.#free.length = 0;
    for (const file of files) await file.close();
  }

  /** Copies what the page at `at` holds of the line. Between finding the page and copying nothing else can run. */
  async #take(segment: number, at: number, into: LineMemory): Promise<{ readonly taken: number; readonly isEnd: boolean }> {
    const index = Math.floor(at / PAGE_BYTES);
    const within = at % PAGE_BYTES;
    const key = positionOf(segment, at - within);
    const page = this.#known(key, within) ?? this.#keep(key, await this.#readPage(segment, index));
    page.usedAt = ++this.#reads;
    const rest = page.memory.subarray(within, page.length);
    const newline = rest.indexOf(NEWLINE);
    into.add(newline === -1 ? rest : rest.subarray(0, newline));
    return { taken: rest.length, isEnd: newline !== -1 || page.length < PAGE_BYTES };
  }

  /** A page that was short when it was read may have grown since: it counts only if it ends a line behind `within`. */
  #known(key: Position, within: number): Page | undefined {
    const page = this.#pages.get(key);
    if (page === undefined || page.length === PAGE_BYTES) return page;
    if (page.memory.subarray(within, page.length).includes(NEWLINE)) return page;
    this.#giveUp(key);
    return undefined;
  }

  /** Two reads may have asked for the same page at the same time: the later one stays. */
  #keep(key: Position, page: Page): Page {
    this.#giveUp(key);
    if (this.#pages.size === PAGES_MAX) this.#giveUp(this.#eldest());
    this.#pages.set(key, page);
    return page;
  }

  #eldest(): Position {
    let eldest = 0;
    let usedAt = Number.POSITIVE_INFINITY;
    for (const [key, page] of this.#pages) {
      if (page.usedAt < usedAt) [eldest, usedAt] = [key, page.usedAt];
    }
    return eldest;
  }

  #giveUp(key: Position): void {
    const page = this.#pages.get(key);
    this.#pages.delete(key);
    if (page !== undefined && this.#free.length < FREE_MAX) this.#free.push(page.memory);
  }

  async #readPage(segment: number, index: number): Promise<Page> {
    const file = await this.#file(segment);
    const memory = this.#free.pop() ?? Buffer.allocUnsafeSlow(PAGE_BYTES);
    let length = 0;
    while (length < PAGE_BYTES) {
      const count = await file.read(memory.subarray(length), index * PAGE_BYTES + length);
      if (count === 0) break;
      length += count;
    }
    return { memory, length, usedAt: 0 };
  }

  #file(segment: number): Promise<OpenFile> {
    const known = this.#files.get(segment);
    if (known !== undefined) return known;
    const opening = openSegment(this.#layer, this.#directory, segment);
    this.#files.set(segment, opening);
    // A file that cannot be opened now is tried again at the next read.
    opening.catch(() => this.#files.delete(segment));
    return opening;
  }
}
