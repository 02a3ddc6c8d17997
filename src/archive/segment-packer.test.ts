import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { mulberry32, VirtualClock } from "../base/index.ts";
import { checkSegments, type Finding } from "./check-segments.ts";
import { diskLayer, type FileLayer, type OpenFile, readFully } from "./file-layer.ts";
import { MemoryDisk, systemError } from "./memory-disk.cases.ts";
import { openRecording } from "./open-recording.ts";
import { MEMBER_HEAD_BYTES, PACKED_BLOCK_BYTES } from "./packed-format.ts";
import { openSegment } from "./packed-segment.ts";
import { openRecordingIndex } from "./recording-index.ts";
import { type Damage, openRecordingSource } from "./recording-reader.ts";
import type { RecordingWriter } from "./recording-writer.ts";
import { all, anObject, withoutHeaders } from "./records.cases.ts";
import { packSegment, type PackingOptions } from "./segment-packer.ts";

const PLAIN = "/rec/000001.ndjson";
const PACKED = `${PLAIN}.gz`;
/** Six blocks or so. */
const RECORDS = 300;
const PACKING = { bytesMin: 0, gzip: (block: Buffer) => Promise.resolve(gzipSync(block, { level: 1 })) };
/** Looks, then works through its turns. */
const A_WHILE_MS = 10_100;

const folders: string[] = [];
afterEach(() => {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "faro-packed-"));
  folders.push(made);
  return made;
}

function open(
  layer: FileLayer,
  more: { directory?: string; clock?: VirtualClock; segmentBytesMax?: number } = {},
): Promise<RecordingWriter> {
  return openRecording({ directory: "/rec", clock: new VirtualClock(), faroVersion: "1.0.0", layer, ...more });
}

function append(writer: RecordingWriter, from: number, count: number): readonly number[] {
  const random = mulberry32(from);
  return Array.from({ length: count }, (_, at) => writer.append(anObject(from + at, 1_000 + Math.floor(random() * 4_000))));
}

async function record(layer: FileLayer, directory = "/rec"): Promise<void> {
  const writer = await open(layer, { directory });
  append(writer, 1, RECORDS);
  await writer.close();
}

async function packFirst(
  layer: FileLayer,
  directory = "/rec",
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const clock = { monotonic: () => 0, sleep: () => Promise.resolve(signal.throwIfAborted()) };
  const onPacked = () => Promise.resolve();
  await packSegment({ ...PACKING, layer, directory, clock, finishedBefore: () => 2, onPacked }, 1, signal);
}

async function packedDisk(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await record(disk);
  await packFirst(disk);
  return disk;
}

async function seqs(layer: FileLayer, onDamage: (damage: Damage) => void = () => {}): Promise<readonly number[]> {
  const source = await openRecordingSource("/rec", { layer, onDamage });
  const found = withoutHeaders(await all(source.scan())).map(({ seq }) => seq);
  await source.close();
  return found;
}

async function findings(layer: FileLayer, directory = "/rec"): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for await (const _ of checkSegments(directory, (finding) => found.push(finding), layer));
  return found;
}

const EVERY = Array.from({ length: RECORDS }, (_, at) => at + 1);

describe("a segment that was packed", () => {
  it("is to gzip what it was, and takes the place of the plain one", async () => {
    const disk = new MemoryDisk();
    await record(disk);
    const plain = disk.files.get(PLAIN);
    await packFirst(disk);
    expect([...disk.files.keys()]).toEqual([PACKED]);
    const packed = disk.files.get(PACKED) ?? Buffer.alloc(0);
    expect(packed.length).toBeLessThan((plain?.length ?? 0) / 10);
    expect(gunzipSync(packed).equals(plain ?? Buffer.alloc(0))).toBe(true);
    expect(await seqs(disk)).toEqual(EVERY);
    expect(await findings(disk)).toEqual([]);
  });

  it("gives at any place, for any length, what the plain one gave", async () => {
    const disk = new MemoryDisk();
    await record(disk);
    const plain = disk.files.get(PLAIN) ?? Buffer.alloc(0);
    await packFirst(disk);
    const file = await openSegment(disk, "/rec", 1);
    expect(await file.size()).toBe(plain.length);
    const random = mulberry32(7);
    const lengths = [1, 100, PACKED_BLOCK_BYTES - 1, PACKED_BLOCK_BYTES, 3 * PACKED_BLOCK_BYTES];
    for (let round = 0; round < 300; round++) {
      const at = round % 10 === 0 ? (round / 10) * PACKED_BLOCK_BYTES : Math.floor(random() * (plain.length + 1_000));
      const into = Buffer.alloc(lengths[round % lengths.length] ?? 1);
      const read = await Promise.all([
        readFully(file, into, at),
        file.read(Buffer.alloc(10), Math.floor(random() * plain.length)),
      ]);
      expect(into.subarray(0, read[0]).equals(plain.subarray(at, at + into.length)), `${into.length} bytes at ${at}`).toBe(true);
    }
    await file.close();
  });

  it("is what a kept state speaks of, at a place in it and behind it", async () => {
    const disk = new MemoryDisk();
    const writer = await open(disk);
    append(writer, 1, 100);
    const inIt = writer.mark(100);
    append(writer, 101, 100);
    await writer.saveState(inIt, [Buffer.from("state")]);
    await writer.close();
    await packFirst(disk);
    const next = await open(disk);
    expect(next.takeSaved()).toMatchObject({ position: inIt.position, pieces: [Buffer.from("state")] });
    append(next, 201, 10);
    const behind = next.mark(210);
    await next.saveState(behind, [Buffer.from("later")]);
    await next.close();
    expect((await open(disk)).takeSaved()).toMatchObject({ position: behind.position, lastSeq: 210 });
  });

  it("keeps a state that was made while it was plain", async () => {
    const disk = new MemoryDisk();
    await record(disk);
    const writer = await open(disk);
    append(writer, RECORDS + 1, 10);
    const mark = writer.mark(RECORDS + 10);
    await writer.saveState(mark, [Buffer.from("state")]);
    await writer.close();
    await packFirst(disk);
    expect((await open(disk)).takeSaved()).toMatchObject({ position: mark.position });
  });

  it("is answered from by its index, and without one", async () => {
    const directory = folder();
    const writer = await open(diskLayer, { directory });
    for (let seq = 1; seq <= 100; seq++) writer.append(anObject(seq, 60_000 + seq));
    await writer.close();
    const answers = async (): Promise<readonly unknown[]> => {
      const index = await openRecordingIndex(directory, 0);
      const [segment] = index?.segments ?? [];
      const offsets = [...new Float64Array(segment?.versions().offset ?? [])];
      const found = [segment?.head, ...offsets.map((offset) => JSON.stringify(segment?.read(offset)))];
      index?.close();
      return found;
    };
    const before = await answers();
    expect(before).toHaveLength(101);
    await packFirst(diskLayer, directory);
    expect(readdirSync(directory)).toEqual(["000001.index", "000001.ndjson.gz"]);
    expect(await answers()).toEqual(before);
    rmSync(join(directory, "000001.index"));
    expect(await answers()).toEqual(before);
  });
});

describe("packing that is interrupted", () => {
  /** The disk as it was before each operation of packing, and as packing left it when that operation failed. */
  async function interrupted(): Promise<readonly { readonly step: string; readonly disk: MemoryDisk }[]> {
    const plain = new MemoryDisk();
    await record(plain);
    const found: { step: string; disk: MemoryDisk }[] = [];
    for (let at = 0; ; at++) {
      const disk = copyOf(plain);
      let operations = 0;
      let step: string | undefined;
      disk.fault = (operation) => {
        if (operations++ !== at) return;
        step = `${operation} ${at}`;
        found.push({ step: `killed before ${step}`, disk: copyOf(disk) });
        throw systemError("EIO");
      };
      await packFirst(disk).catch(() => {});
      if (step === undefined) return found;
      found.push({ step: `${step} failed`, disk: copyOf(disk) });
    }
  }

  function copyOf(disk: MemoryDisk): MemoryDisk {
    const copy = new MemoryDisk();
    for (const [path, bytes] of disk.files) copy.files.set(path, Buffer.from(bytes));
    return copy;
  }

  it("leaves at every step a recording that is whole, goes on, and can be packed", async () => {
    const steps = await interrupted();
    expect(steps.map(({ step }) => step.split(" ").at(-2))).toEqual(
      expect.arrayContaining(["write", "datasync", "rename", "remove"]),
    );
    for (const { step, disk } of steps) {
      expect(await seqs(disk), step).toEqual(EVERY);
      expect(await findings(disk), step).toEqual([]);
      const writer = await open(disk);
      expect(writer.recovered, step).toMatchObject({ lastSeq: RECORDS, truncatedBytes: 0 });
      append(writer, RECORDS + 1, 1);
      await writer.close();
      await packFirst(disk);
      expect([...disk.files.keys()].toSorted(), step).toEqual([PACKED, "/rec/000002.ndjson"]);
      expect(await seqs(disk), step).toEqual([...EVERY, RECORDS + 1]);
    }
  });

  it("never removes the plain one before the packed one has its name for good", async () => {
    const disk = new MemoryDisk();
    await record(disk);
    const steps: string[] = [];
    disk.fault = (operation) => {
      if (steps.at(-1) !== operation) steps.push(operation);
    };
    await packFirst(disk);
    expect(steps.slice(-5)).toEqual(["write", "datasync", "rename", "sync-directory", "remove"]);
  });

  it("leaves the plain one when it is asked to stop, or the segment is written to", async () => {
    const disk = new MemoryDisk();
    await record(disk);
    const before = disk.files.get(PLAIN);
    await expect(packFirst(disk, "/rec", AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
    expect([...disk.files.keys()]).toEqual([PLAIN]);
    expect(disk.files.get(PLAIN)).toBe(before);
    disk.gate = () => Promise.resolve(void disk.files.set(PLAIN, Buffer.concat([before ?? Buffer.alloc(0), Buffer.from("x")])));
    await expect(packFirst(disk)).rejects.toThrow("was changed while it was packed");
    expect([...disk.files.keys()]).toEqual([PLAIN]);
  });
});

describe("a packed segment that was damaged", () => {
  const bytesOf = (disk: MemoryDisk): Buffer => disk.files.get(PACKED) ?? Buffer.alloc(0);
  /** Where the second of its members begins, and its length. */
  function secondMember(disk: MemoryDisk): readonly [start: number, bytes: number] {
    const start = bytesOf(disk).readUInt32LE(16);
    return [start, bytesOf(disk).readUInt32LE(start + 16)];
  }

  it("is found by the checksum of a member, and read all the same where its lines are whole", async () => {
    const disk = await packedDisk();
    const [start, bytes] = secondMember(disk);
    const checksumAt = start + bytes - 8;
    bytesOf(disk).writeUInt32LE((bytesOf(disk).readUInt32LE(checksumAt) ^ 1) >>> 0, checksumAt);
    expect(await seqs(disk)).toEqual(EVERY);
    expect(await findings(disk)).toEqual([
      { severity: "damage", what: "cannot be unpacked: incorrect data check", file: "000001.ndjson.gz", offset: start, bytes },
    ]);
  });

  it("loses the lines of a member that cannot be unpacked, says so, and no others", async () => {
    const disk = await packedDisk();
    const [start, bytes] = secondMember(disk);
    bytesOf(disk).fill(0xff, start + MEMBER_HEAD_BYTES, start + bytes - 8);
    const damage: Damage[] = [];
    const found = await seqs(disk, (each) => damage.push(each));
    const lost = EVERY.filter((seq) => !found.includes(seq));
    expect(lost).toEqual(Array.from({ length: lost.length }, (_, at) => (lost[0] ?? 0) + at));
    expect(lost.length).toBeGreaterThan(25);
    expect(lost.length).toBeLessThan(60);
    expect(damage.reduce((sum, each) => sum + each.bytes, 0)).toBeGreaterThanOrEqual(PACKED_BLOCK_BYTES);
    const what = (await findings(disk)).filter(({ file }) => file === "000001.ndjson.gz");
    expect(what).toMatchObject([{ severity: "damage", offset: start, bytes }]);
  });

  it.each(["the first byte", "the name of a field"])("is read with another %s, which is found", async (which) => {
    const disk = await packedDisk();
    const at = which === "the first byte" ? 0 : 12;
    bytesOf(disk)[at] = 0;
    expect(await seqs(disk)).toEqual(EVERY);
    expect((await findings(disk)).map(({ file, offset }) => [file, offset])).toEqual(at === 0 ? [["000001.ndjson.gz", 0]] : []);
  });

  it("gives its whole blocks when its end is missing, and says so, wherever it was cut", async () => {
    const whole = await packedDisk();
    const [start, length] = secondMember(whole);
    const third = start + length;
    for (const cut of [
      bytesOf(whole).length - 1,
      bytesOf(whole).length - 200,
      third + 10,
      third,
      start + 100,
      start,
      MEMBER_HEAD_BYTES,
    ]) {
      const disk = await packedDisk();
      disk.files.set(PACKED, bytesOf(disk).subarray(0, cut));
      const damage: Damage[] = [];
      const found = await seqs(disk, (each) => damage.push(each));
      expect(found, `cut at ${cut}`).toEqual(EVERY.slice(0, found.length));
      expect(found.length > 0, `cut at ${cut}`).toBe(cut >= start);
      expect(damage.at(-1)?.reason, `cut at ${cut}`).toBe("the end of the packed segment is missing");
      expect(
        (await findings(disk)).map(({ what }) => what),
        `cut at ${cut}`,
      ).toContain("the end of the packed segment is missing");
    }
  });
});

describe("a recorder that packs", () => {
  /** A writer that packs, and how to end it. */
  async function packing(
    layer: FileLayer,
    more: { directory?: string; options?: PackingOptions } = {},
  ): Promise<{ writer: RecordingWriter; after: (ms: number) => Promise<void>; stop: () => Promise<void> }> {
    const clock = new VirtualClock();
    const { directory = "/rec", options = {} } = more;
    const writer = await open(layer, { directory, clock, segmentBytesMax: 500_000 });
    const abort = new AbortController();
    const done = writer.pack({ ...PACKING, ...options }, abort.signal);
    const after = async (ms: number): Promise<void> => {
      for (let at = 0; at < ms; at += 50) await clock.advance(50);
    };
    const stop = async (): Promise<void> => {
      abort.abort(new Error("stopped"));
      await done;
      await writer.close();
    };
    return { writer, after, stop };
  }

  it("packs what an earlier run left and what it has finished itself, never the one that it writes", async () => {
    const disk = new MemoryDisk();
    await record(disk);
    const { writer, after, stop } = await packing(disk);
    append(writer, RECORDS + 1, RECORDS);
    await writer.durable();
    await after(A_WHILE_MS);
    const names = [...disk.files.keys()].toSorted();
    expect(names).toEqual(["/rec/000001.ndjson.gz", "/rec/000002.ndjson.gz", "/rec/000003.ndjson"]);
    append(writer, 2 * RECORDS + 1, 10);
    await stop();
    expect(await seqs(disk)).toEqual(Array.from({ length: 2 * RECORDS + 10 }, (_, at) => at + 1));
    expect(await findings(disk)).toEqual([]);
  });

  it("leaves small segments as they are", async () => {
    const disk = new MemoryDisk();
    await record(disk);
    const { after, stop } = await packing(disk, { options: { bytesMin: undefined } });
    await after(A_WHILE_MS);
    expect(disk.files.has(PLAIN)).toBe(true);
    await stop();
  });

  it("tells of a disk without room, leaves the segment, and tries again", async () => {
    const disk = new MemoryDisk();
    await record(disk);
    const told: string[] = [];
    const { after, stop } = await packing(disk, { options: { onFailure: (why) => told.push(why) } });
    disk.free = 10;
    await after(A_WHILE_MS);
    expect(told).toEqual(["ENOSPC: injected"]);
    expect([...disk.files.keys()]).toEqual([PLAIN]);
    disk.free = Number.POSITIVE_INFINITY;
    await after(5 * 60_000 + A_WHILE_MS);
    expect([...disk.files.keys()]).toEqual([PACKED]);
    await stop();
    expect(await seqs(disk)).toEqual(EVERY);
  });

  it("reads on across the change: a scan from the file that it began with, lines from the one that is there", async () => {
    const directory = folder();
    await record(diskLayer, directory);
    const closed: string[] = [];
    const layer: FileLayer = {
      ...diskLayer,
      openForReading: async (path) => noting(await diskLayer.openForReading(path), () => closed.push(path)),
    };
    const source = await openRecordingSource(directory);
    const reading = source.scan()[Symbol.asyncIterator]();
    const begun = [await reading.next(), await reading.next()];
    const { writer, after, stop } = await packing(layer, { directory, options: { gzip: undefined } });
    const positions = (await all(writer.scan())).map(({ position }) => position);
    const before = await writer.read(positions[5] ?? 0);
    closed.length = 0;
    const namesAfter = async (): Promise<readonly string[]> => {
      await after(1_000);
      return readdirSync(directory);
    };
    await expect.poll(namesAfter, { interval: 1 }).toEqual(["000001.ndjson.gz"]);
    const rest = await all({ [Symbol.asyncIterator]: () => reading });
    expect(begun.length + rest.length).toBe(positions.length);
    await expect.poll(() => closed.filter((path) => path.endsWith(".ndjson")), { interval: 1 }).toHaveLength(2);
    expect(await writer.read(positions[5] ?? 0)).toEqual(before);
    expect(await writer.readSome(positions.slice(0, 3), Buffer.alloc(100_000))).toHaveLength(3);
    await source.close();
    await stop();
    expect(await findings(diskLayer, directory)).toEqual([]);
    expect(readFileSync(join(directory, "000001.ndjson.gz")).length).toBeGreaterThan(0);
  });

  function noting(file: OpenFile, onClose: () => void): OpenFile {
    return {
      write: (pieces, position) => file.write(pieces, position),
      read: (into, position) => file.read(into, position),
      size: () => file.size(),
      identity: () => file.identity(),
      truncate: (length) => file.truncate(length),
      datasync: () => file.datasync(),
      close: () => {
        onClose();
        return file.close();
      },
    };
  }
});
