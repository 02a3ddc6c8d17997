import { expect, test } from "vitest";
import { positionOf } from "../record/index.ts";
import type { FileLayer, OpenFile } from "./file-layer.ts";
import { LineReader } from "./line-reader.ts";
import { MemoryDisk } from "./memory-disk.cases.ts";

const LINE_BYTES = 7_000;
const LINES = 30_000;

/** Line `n` consists of its number and spaces: a file of 210 MB that exists only while it is read. */
function lineText(n: number): string {
  return `${n}`.padEnd(LINE_BYTES - 1);
}

const endless: OpenFile = {
  async read(into: Buffer, position: number): Promise<number> {
    await Promise.resolve();
    const length = Math.max(0, Math.min(into.length, LINES * LINE_BYTES - position));
    into.fill(" ", 0, length);
    for (let at = 0; at < length;) {
      const within = (position + at) % LINE_BYTES;
      const rest = `${lineText(Math.floor((position + at) / LINE_BYTES))}\n`.slice(within);
      at += into.write(rest.slice(0, length - at), at, "latin1");
    }
    return length;
  },
  write: () => Promise.resolve(0),
  identity: () => Promise.resolve("file"),
  size: () => Promise.resolve(LINES * LINE_BYTES),
  truncate: () => Promise.resolve(),
  datasync: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

function readerOf(file: OpenFile): LineReader {
  const layer: FileLayer = new MemoryDisk();
  return new LineReader(Object.assign(layer, { openForReading: () => Promise.resolve(file) }), "/recording");
}

/** `endless`, and how much was read of it. */
function counted(): { readonly file: OpenFile; readonly read: { calls: number; bytes: number } } {
  const read = { calls: 0, bytes: 0 };
  const file: OpenFile = {
    ...endless,
    async read(into, position) {
      const bytes = await endless.read(into, position);
      read.calls++;
      read.bytes += bytes;
      return bytes;
    },
  };
  return { file, read };
}

function positionsOf(numbers: readonly number[]): readonly number[] {
  return numbers.map((n) => positionOf(1, n * LINE_BYTES));
}

/** Reads all of them, with a memory that every call is given. */
async function readAll(reader: LineReader, numbers: readonly number[], memory: Buffer): Promise<readonly number[]> {
  const positions = positionsOf(numbers);
  const found: number[] = [];
  while (found.length < positions.length) {
    const lines = await reader.lines(positions.slice(found.length, found.length + 100), memory);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(line.length).toBe(LINE_BYTES - 1);
      found.push(Number.parseInt(line.toString("latin1", 0, 6), 10));
    }
  }
  return found;
}

test("reading 210 MB into one memory takes no more buffers than that, and no byte twice but where a read ends", async () => {
  const { file, read } = counted();
  const reader = readerOf(file);
  const before = process.memoryUsage().arrayBuffers;
  const numbers = Array.from({ length: LINES }, (_, n) => n);
  expect(await readAll(reader, numbers, Buffer.allocUnsafeSlow(1 << 19))).toEqual(numbers);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  expect(read.bytes).toBeLessThan(1.1 * LINES * LINE_BYTES);
  await reader.close();
});

test("of lines far from each other little more is read than themselves, in whatever order they are asked for", async () => {
  const { file, read } = counted();
  const reader = readerOf(file);
  const numbers = Array.from({ length: 500 }, (_, i) => (i * 7_919) % LINES);
  expect(await readAll(reader, numbers, Buffer.allocUnsafeSlow(1 << 19))).toEqual(numbers);
  expect(read.bytes).toBeLessThan(1.5 * numbers.length * LINE_BYTES);
  await reader.close();
});

test("a line that was read alone stays as it was, however much is read after it", async () => {
  const reader = readerOf(endless);
  const first = await reader.line(positionOf(1, 0));
  for (let n = 0; n < 100; n++) await reader.line(positionOf(1, n * LINE_BYTES));
  expect(first.toString()).toBe(lineText(0));
  await reader.close();
});

test("a line that is longer than its memory is read whole, and so are its neighbours", async () => {
  const text = "x".repeat(6 * 1024 * 1024);
  const bytes = Buffer.from(`first\n${text}\nnext\nlast without an end`);
  const reader = readerOf({ ...endless, read: (into, position) => Promise.resolve(bytes.copy(into, 0, position)) });
  const starts = [6, 0, 7 + text.length, 12 + text.length];
  const positions = starts.map((start) => positionOf(1, start));
  const lines: string[] = [];
  for (const memory = Buffer.alloc(1 << 16); lines.length < positions.length;)
    lines.push(...(await reader.lines(positions.slice(lines.length), memory)).map(String));
  expect(lines).toEqual([text, "first", "next", "last without an end"]);
  await reader.close();
});

test("long lines are read one after another once they take four megabytes", async () => {
  const text = `${"x".repeat(3 * 1024 * 1024)}\n`;
  const bytes = Buffer.from(text.repeat(5));
  const reader = readerOf({ ...endless, read: (into, position) => Promise.resolve(bytes.copy(into, 0, position)) });
  const positions = Array.from({ length: 5 }, (_, at) => positionOf(1, at * text.length));
  expect(await reader.lines(positions, Buffer.alloc(1 << 19))).toHaveLength(2);
  await reader.close();
});
