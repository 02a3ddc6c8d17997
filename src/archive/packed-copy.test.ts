/** Whoever reads a packed segment here and there gets a plain copy of it for as long as that takes. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it, onTestFinished } from "vitest";
import { mulberry32, VirtualClock } from "../base/index.ts";
import { diskLayer, type FileLayer, type OpenFile, readFully } from "./file-layer.ts";
import { MemoryDisk, systemError } from "./memory-disk.cases.ts";
import { openRecording } from "./open-recording.ts";
import { packedBlocks } from "./packed-blocks.ts";
import { openSegment, packedFaults } from "./packed-segment.ts";
import { anObject } from "./records.cases.ts";
import { packSegment } from "./segment-packer.ts";

const SCRATCH = "/scratch";
const READS = 40;

/** Has scratch files, and counts what is read of packed ones. */
class ScratchDisk extends MemoryDisk {
  readonly asked: number[] = [];
  packedReads = 0;
  closed = 0;
  hasScratch = true;

  async openScratch(_path: string, bytes: number): Promise<OpenFile | undefined> {
    this.asked.push(bytes);
    if (!this.hasScratch) return undefined;
    const file = await this.openForWriting(SCRATCH);
    const close = file.close.bind(file);
    file.close = async () => {
      this.closed++;
      await close();
    };
    return file;
  }

  override async openForReading(path: string): Promise<OpenFile> {
    const file = await super.openForReading(path);
    if (!path.endsWith(".gz")) return file;
    const read = file.read.bind(file);
    file.read = (into, position) => {
      this.packedReads++;
      return read(into, position);
    };
    return file;
  }
}

/** A recording of six blocks or so, its first segment packed. Returns that as it was. */
async function recorded(layer: FileLayer, directory: string): Promise<Buffer> {
  const clock = new VirtualClock();
  const writer = await openRecording({ directory, clock, faroVersion: "1.0.0", layer });
  const random = mulberry32(1);
  for (let seq = 1; seq <= 300; seq++) writer.append(anObject(seq, 1_000 + Math.floor(random() * 4_000)));
  await writer.close();
  const plain = await openSegment(layer, directory, 1);
  const bytes = Buffer.alloc(await plain.size());
  await readFully(plain, bytes, 0);
  await plain.close();
  await packSegment(
    {
      bytesMin: 0,
      gzip: (block) => Promise.resolve(gzipSync(block, { level: 1 })),
      layer,
      directory,
      clock: { monotonic: () => 0, sleep: () => Promise.resolve() },
      finishedBefore: () => 2,
      onPacked: () => Promise.resolve(),
    },
    1,
    new AbortController().signal,
  );
  return bytes;
}

/** Reads here and there, of nothing that is still kept, and compares. */
async function readAbout(file: OpenFile, whole: Buffer, reads: number = READS): Promise<void> {
  const random = mulberry32(7);
  for (let read = 0; read < reads; read++) {
    packedBlocks.drop(file);
    const at = Math.floor(random() * whole.length);
    const into = Buffer.alloc(Math.min(3_000, whole.length - at));
    expect(await readFully(file, into, at)).toBe(into.length);
    expect(into.equals(whole.subarray(at, at + into.length))).toBe(true);
  }
}

it("is made once, when as much was unpacked as there is, and nothing is unpacked any more", async () => {
  const disk = new ScratchDisk();
  const whole = await recorded(disk, "/rec");
  const file = await openSegment(disk, "/rec", 1);
  await readAbout(file, whole, 3);
  expect(disk.asked).toEqual([]);
  await readAbout(file, whole);
  expect(disk.asked).toEqual([whole.length]);
  expect(disk.files.get(SCRATCH)?.equals(whole)).toBe(true);
  const before = disk.packedReads;
  await readAbout(file, whole);
  expect(disk.packedReads).toBe(before);
  await file.close();
  expect(disk.closed).toBe(1);
});

it("is none where there is no place for it, or none any more: then it is read as before", async () => {
  for (const spoil of [
    (disk: ScratchDisk) => (disk.hasScratch = false),
    (disk: ScratchDisk) => (disk.free = 300_000),
    (disk: ScratchDisk) => {
      disk.fault = (operation) => {
        if (operation === "write") throw systemError("EIO");
      };
    },
  ]) {
    const disk = new ScratchDisk();
    const whole = await recorded(disk, "/rec");
    spoil(disk);
    const file = await openSegment(disk, "/rec", 1);
    await readAbout(file, whole);
    expect(disk.asked).toHaveLength(1);
    expect(disk.closed).toBe(disk.hasScratch ? 1 : 0);
    await file.close();
  }
});

it("is none of what is damaged, which is found where it stands", async () => {
  const disk = new ScratchDisk();
  const whole = await recorded(disk, "/rec");
  const path = "/rec/000001.ndjson.gz";
  const packed = Buffer.from(disk.files.get(path) ?? "");
  packed[200] = (packed[200] ?? 0) ^ 0xff;
  disk.files.set(path, packed);
  const file = await openSegment(disk, "/rec", 1);
  for (let read = 0; read < READS; read++) {
    packedBlocks.drop(file);
    await readFully(file, Buffer.alloc(1_000), (read % 6) * 100_000);
  }
  expect(disk.asked).toHaveLength(1);
  // Given up.
  expect(disk.closed).toBe(1);
  expect(packedFaults(file)).toHaveLength(1);
  const last = Buffer.alloc(1_000);
  await readFully(file, last, whole.length - 1_000);
  expect(last.equals(whole.subarray(-1_000))).toBe(true);
  await file.close();
});

it("has no name on a real disk, and takes no more than an eighth of what is free", async () => {
  const directory = mkdtempSync(join(tmpdir(), "faro-copy-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const whole = await recorded(diskLayer, directory);
  const names = readdirSync(directory);
  const file = await openSegment(diskLayer, directory, 1);
  await readAbout(file, whole);
  expect(readdirSync(directory)).toEqual(names);
  await file.close();
  expect(await diskLayer.openScratch?.(join(directory, "copy"), 2 ** 60)).toBe(undefined);
  expect(await diskLayer.openScratch?.(join(directory, "nowhere", "copy"), 1)).toBe(undefined);
  expect(readdirSync(directory)).toEqual(names);
});
