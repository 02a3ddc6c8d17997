/**
 * Reads lines at positions, many at a time. A story asks for its events in the order of time, which is nearly the order of the file:
 * those that stand near each other are read in one go, the others side by side, and of each not much more than its line. What lies
 * between the lines of one story out of a thousand is never read.
 */
import { offsetOf, type Position, segmentOf } from "../record/index.ts";
import { type FileLayer, type OpenFile, readFully } from "./file-layer.ts";
import { openSegment } from "./packed-segment.ts";

const LINES_MAX = 64;
/** Reading so much that nobody wants costs less than a read of its own. */
const NEAR_BYTES = 32 * 1024;
/** What is read for a line whose end nobody knows; between these, as much as the longest one took the time before. */
const GUESS_MIN = 4 * 1024;
const GUESS_MAX = 128 * 1024;
/** Lines that are longer than their memory have memory of their own; behind so much of it no more are read along. */
const LONG_MAX = 4 << 20;
const NEWLINE = 0x0a;

/** A part of a segment that is read in one go. */
interface Stretch {
  readonly segment: number;
  readonly start: number;
  end: number;
  /** Where it stands in the memory. */
  at: number;
  /** Bytes that the file had of it. */
  length: number;
}

export class LineReader {
  readonly #layer: FileLayer;
  readonly #directory: string;
  readonly #files = new Map<number, Promise<OpenFile>>();
  readonly #reads = new Set<Promise<number>>();
  #guess = GUESS_MAX / 8;

  constructor(layer: FileLayer, directory: string) {
    this.#layer = layer;
    this.#directory = directory;
  }

  /**
   * The lines that begin at these positions, without their newlines, and up to the end of the file where there is none: from the first
   * position on as many as `memory` has room for, at least one. They are views of `memory`, all but those that are longer.
   */
  async lines(positions: readonly Position[], memory: Buffer): Promise<readonly Buffer[]> {
    if (positions.length === 0) return [];
    const stretches = this.#plan(positions, memory.length);
    await Promise.all([...new Set(stretches)].map((stretch) => this.#fill(stretch, memory)));
    const lines: Buffer[] = [];
    let longest = 0;
    let long = 0;
    for (const [at, stretch] of stretches.entries()) {
      const begun = memory.subarray(stretch.at + offsetOf(positions[at] ?? 0) - stretch.start, stretch.at + stretch.length);
      const newline = begun.indexOf(NEWLINE);
      const isWhole = newline !== -1 || stretch.length < stretch.end - stretch.start;
      if (!isWhole && long > LONG_MAX) break;
      const line = newline !== -1 ? begun.subarray(0, newline) : isWhole ? begun : await this.#readOn(stretch, begun);
      if (!isWhole) long += line.length;
      longest = Math.max(longest, line.length);
      lines.push(line);
    }
    this.#guess = Math.min(GUESS_MAX, Math.max(GUESS_MIN, longest + GUESS_MIN / 4));
    return lines;
  }

  /** The line that begins at `position`, in memory of its own. */
  async line(position: Position): Promise<Buffer> {
    const [line = Buffer.alloc(0)] = await this.lines([position], Buffer.allocUnsafeSlow(this.#guess));
    return line;
  }

  async close(): Promise<void> {
    const files = await Promise.all(this.#files.values());
    this.#files.clear();
    for (const file of files) await file.close();
  }

  /** Closes the file of a segment when nothing is read from it any more; the next line is read from the one that is there then. */
  async letGo(segment: number): Promise<void> {
    const opening = this.#files.get(segment);
    this.#files.delete(segment);
    await Promise.allSettled(this.#reads);
    await (await opening)?.close();
  }

  /** The stretch of each position, for as many positions as there is room for. */
  #plan(positions: readonly Position[], room: number): readonly Stretch[] {
    for (let count = Math.min(positions.length, LINES_MAX); ; count >>= 1) {
      const stretches = this.#stretches(positions.slice(0, count), room);
      const last = stretches.reduce((a, b) => (a.at > b.at ? a : b));
      if (count === 1 || last.at + last.end - last.start <= room) return stretches;
    }
  }

  #stretches(positions: readonly Position[], room: number): readonly Stretch[] {
    const near = Math.max(NEAR_BYTES, this.#guess);
    const guess = Math.min(this.#guess, room);
    const found = new Map<Position, Stretch>();
    let last: Stretch | undefined;
    for (const position of positions.toSorted((a, b) => a - b)) {
      const [segment, start] = [segmentOf(position), offsetOf(position)];
      if (last?.segment !== segment || start > last.end - guess + near)
        last = { segment, start, end: 0, at: last === undefined ? 0 : last.at + last.end - last.start, length: 0 };
      last.end = start + guess;
      found.set(position, last);
    }
    return positions.flatMap((position) => found.get(position) ?? []);
  }

  async #fill(stretch: Stretch, memory: Buffer): Promise<void> {
    const into = memory.subarray(stretch.at, stretch.at + stretch.end - stretch.start);
    stretch.length = await this.#read(stretch.segment, into, stretch.start);
  }

  /** The line whose first bytes stand at the end of a stretch. */
  async #readOn(stretch: Stretch, begun: Buffer): Promise<Buffer> {
    const { segment } = stretch;
    for (let line = begun; ;) {
      const more = Buffer.allocUnsafeSlow(Math.max(4 * line.length, GUESS_MAX));
      line.copy(more);
      const length =
        line.length + (await this.#read(segment, more.subarray(line.length), stretch.end - begun.length + line.length));
      const newline = more.indexOf(NEWLINE, line.length);
      if (newline !== -1 && newline < length) return more.subarray(0, newline);
      line = more.subarray(0, length);
      if (length < more.length) return line;
    }
  }

  async #read(segment: number, into: Buffer, position: number): Promise<number> {
    const read = this.#file(segment).then((file) => readFully(file, into, position));
    this.#reads.add(read);
    try {
      return await read;
    } finally {
      this.#reads.delete(read);
    }
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
