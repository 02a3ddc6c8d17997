import { expect, test } from "vitest";
import { LineMemory } from "../record/index.ts";
import type { FileLayer, OpenFile } from "./file-layer.ts";
import { LineCache } from "./line-cache.ts";
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

function cacheOf(file: OpenFile): LineCache {
  const layer: FileLayer = new MemoryDisk();
  return new LineCache(Object.assign(layer, { openForReading: () => Promise.resolve(file) }), "/recording");
}

test("reading 210 MB line by line into one memory takes no more buffers than the cache has", async () => {
  const cache = cacheOf(endless);
  const memory = new LineMemory();
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  for (let n = 0; n < LINES; n++) {
    const line = await cache.line(1, n * LINE_BYTES, memory);
    expect(line.length === LINE_BYTES - 1 && Number.parseInt(line.toString("latin1", 0, 6), 10) === n).toBe(true);
    if (n % 100 === 0) peak = Math.max(peak, process.memoryUsage().arrayBuffers);
  }
  expect(peak - before).toBeLessThan(6 * 1024 * 1024);
  await cache.close();
});

test("a line that was read without a memory stays as it was, however much is read after it", async () => {
  const cache = cacheOf(endless);
  const first = await cache.line(1, 0);
  for (let n = 0; n < 2_000; n++) await cache.line(1, n * LINE_BYTES);
  expect(first.toString()).toBe(lineText(0));
  await cache.close();
});

test("reads side by side that push each other's pages out get their own lines", async () => {
  const cache = cacheOf(endless);
  const wanted = Array.from({ length: 3_000 }, (_, i) => (i * 7_919) % LINES);
  const lines = await Promise.all(wanted.map((n) => cache.line(1, n * LINE_BYTES)));
  expect(lines.map((line) => Number.parseInt(line.toString(), 10))).toEqual(wanted);
  await cache.close();
});

test("a line that is longer than a page, and than the whole cache, is read whole", async () => {
  const text = "x".repeat(6 * 1024 * 1024);
  const bytes = Buffer.from(`${text}\nnext\n`);
  const cache = cacheOf({ ...endless, read: (into, position) => Promise.resolve(bytes.copy(into, 0, position)) });
  expect((await cache.line(1, 0)).equals(bytes.subarray(0, text.length))).toBe(true);
  expect((await cache.line(1, text.length + 1)).toString()).toBe("next");
  await cache.close();
});
