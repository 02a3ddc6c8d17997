import { spawn } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as fc from "fast-check";
import { rolldown } from "rolldown";
import { describe, expect, test } from "vitest";
import { systemClock, VirtualClock } from "../base/index.ts";
import { encodeRecord, type FaroRecord } from "../record/index.ts";
import { MemoryDisk } from "./memory-disk.cases.ts";
import { openRecording } from "./open-recording.ts";
import { type Damage, openRecordingSource } from "./recording-reader.ts";
import { aLog, all, anObject, withoutHeaders } from "./records.cases.ts";

const DIRECTORY = "/rec";
const FIRST = "/rec/000001.ndjson";
const SECOND = "/rec/000002.ndjson";

/** Writes as a run does that is killed when all of it is durable: without a seal. */
async function write(disk: MemoryDisk, records: readonly FaroRecord[], segmentBytesMax?: number): Promise<void> {
  const writer = await openRecording({
    directory: DIRECTORY,
    clock: new VirtualClock(),
    faroVersion: "1.0.0",
    layer: disk,
    segmentBytesMax,
  });
  for (const record of records) writer.append(record);
  await writer.durable();
}

async function read(disk: MemoryDisk): Promise<{ readonly records: readonly FaroRecord[]; readonly damage: readonly Damage[] }> {
  const damage: Damage[] = [];
  const source = await openRecordingSource(DIRECTORY, { layer: disk, onDamage: (found) => damage.push(found) });
  return { records: withoutHeaders(await all(source.scan())), damage };
}

function content(disk: MemoryDisk, path = FIRST): Buffer {
  return disk.files.get(path) ?? Buffer.alloc(0);
}

function goOn(disk: MemoryDisk): ReturnType<typeof openRecording> {
  return openRecording({ directory: DIRECTORY, clock: new VirtualClock(), faroVersion: "1.0.1", layer: disk });
}

/** Comparing text is a hundred times faster than comparing Buffers element by element. */
function textOf(record: FaroRecord): string {
  return encodeRecord(record).toString();
}

const FOUR = [anObject(1), aLog(2, 3), anObject(5, 300), anObject(6)];

describe("a recording cut at any byte", () => {
  test("reads as a prefix, is not called damaged, and can be gone on with", async () => {
    const whole = new MemoryDisk();
    await write(whole, FOUR);
    const bytes = content(whole);
    for (let length = 1; length < bytes.length; length++) {
      const disk = new MemoryDisk();
      disk.files.set(FIRST, bytes.subarray(0, length));
      const before = await read(disk);
      expect(before.damage, `cut at ${length}`).toEqual([]);
      expect(before.records.map(textOf)).toEqual(FOUR.slice(0, before.records.length).map(textOf));

      const writer = await goOn(disk);
      writer.append(anObject(99));
      await writer.close();
      expect(writer.recovered.lastSeq).toBe([0, 1, 4, 5][before.records.length]);
      const after = await read(disk);
      expect(after.damage).toEqual([]);
      expect(after.records.map(textOf)).toEqual([...before.records, anObject(99)].map(textOf));
    }
  });

  test("holds the same for any records", async () => {
    const record = fc.oneof(
      fc.integer({ min: 0, max: 400 }).map((size) => anObject(1, size)),
      fc.integer({ min: 1, max: 9 }).map((count) => aLog(1, count)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 12 }),
        fc.integer({ min: 300, max: 3_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (records, segmentBytesMax, where) => {
          const disk = new MemoryDisk();
          await write(disk, records, segmentBytesMax);
          const last = [...disk.files.keys()].sort().at(-1);
          if (last !== undefined)
            disk.files.set(last, content(disk, last).subarray(0, Math.floor(where * content(disk, last).length)));
          if (disk.files.size === 0) return;
          const found = await read(disk);
          expect(found.records.map(textOf)).toEqual(records.slice(0, found.records.length).map(textOf));
          expect(found.damage).toEqual([]);
        },
      ),
    );
  });
});

describe("going on", () => {
  test("begins a new segment and says what was cut off", async () => {
    const disk = new MemoryDisk();
    await write(disk, FOUR);
    disk.files.set(FIRST, content(disk).subarray(0, -5));
    const writer = await goOn(disk);
    expect(writer.recovered).toEqual({ lastSeq: 5, segments: 1, truncatedBytes: encodeRecord(anObject(6)).length - 5 });
    expect(writer.bytes).toBe(content(disk).length);
    writer.append(anObject(6));
    await writer.close();
    expect([...disk.files.keys()]).toEqual([FIRST, SECOND]);
  });

  test("finds the highest seq though a later line has a lower one, and though the last segment is empty", async () => {
    const disk = new MemoryDisk();
    await write(disk, [aLog(10, 5), anObject(3)]);
    await (await goOn(disk)).close();
    disk.files.set(SECOND, Buffer.alloc(0));
    expect((await goOn(disk)).recovered).toMatchObject({ lastSeq: 14, segments: 1 });
    expect([...disk.files.keys()]).toEqual([FIRST]);
  });

  test("cuts off a last line that is whole but wrong, and zeros that a power cut left", async () => {
    for (const tail of [Buffer.from('{"crc":"00000000","type":"x"}\n'), Buffer.alloc(4096)]) {
      const disk = new MemoryDisk();
      await write(disk, FOUR);
      disk.files.set(FIRST, Buffer.concat([content(disk), tail]));
      expect((await goOn(disk)).recovered).toEqual({ lastSeq: 6, segments: 1, truncatedBytes: tail.length });
      expect(await read(disk)).toEqual({ records: FOUR, damage: [] });
    }
  });

  test("leaves damage in the middle where it is", async () => {
    const disk = new MemoryDisk();
    await write(disk, FOUR);
    const at = content(disk).indexOf("line 1");
    content(disk)[at] = 0x21;
    const length = content(disk).length;
    expect((await goOn(disk)).recovered).toEqual({ lastSeq: 6, segments: 1, truncatedBytes: 0 });
    expect(content(disk)).toHaveLength(length);
  });

  test("reads back what earlier runs wrote", async () => {
    const disk = new MemoryDisk();
    await write(disk, FOUR);
    const writer = await goOn(disk);
    writer.append(anObject(7));
    expect(withoutHeaders(await all(writer.scan()))).toEqual([...FOUR, anObject(7)]);
  });
});

describe("damage", () => {
  const lines = FOUR.map((record) => encodeRecord(record));
  const startOf = (disk: MemoryDisk, index: number): number => content(disk).indexOf(lines[index] ?? "");

  test.each([0, 1, 2])("a flipped byte in line %i is located, and that line alone is lost", async (index) => {
    const disk = new MemoryDisk();
    await write(disk, FOUR);
    const start = startOf(disk, index);
    const length = lines[index]?.length ?? 0;
    const at = start + (length >> 1);
    content(disk)[at] = (content(disk)[at] ?? 0) ^ 4;
    const { records, damage } = await read(disk);
    expect(records).toEqual(FOUR.filter((_, other) => other !== index));
    expect(damage).toEqual([
      {
        file: FIRST,
        segment: 1,
        line: index + 2,
        offset: start,
        bytes: length,
        reason: expect.stringMatching(/^the checksum is [0-9a-f]{8}, the bytes have [0-9a-f]{8}$/),
      },
    ]);
  });

  test("a flipped newline costs no line", async () => {
    const disk = new MemoryDisk();
    await write(disk, FOUR);
    content(disk)[startOf(disk, 2) - 1] = 0x20;
    expect((await read(disk)).records).toEqual(FOUR);
  });

  test("zeros in front of a line are skipped and told", async () => {
    const disk = new MemoryDisk();
    await write(disk, FOUR);
    const start = startOf(disk, 2);
    disk.files.set(FIRST, Buffer.concat([content(disk).subarray(0, start), Buffer.alloc(100), content(disk).subarray(start)]));
    const { records, damage } = await read(disk);
    expect(records).toEqual(FOUR);
    expect(damage).toMatchObject([{ offset: start, bytes: 100 }]);
  });

  test("a flipped byte anywhere is found, whatever it hits", async () => {
    const whole = new MemoryDisk();
    await write(whole, [anObject(1), aLog(2, 1)]);
    const bytes = content(whole);
    for (let at = 0; at < bytes.length - 1; at++) {
      const disk = new MemoryDisk();
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      disk.files.set(FIRST, flipped);
      const { records, damage } = await read(disk);
      const isNewline = bytes[at] === 0x0a;
      expect(damage.length > 0 || isNewline, `byte ${at}`).toBe(true);
      expect(records.length).toBeGreaterThanOrEqual(1);
    }
  });

  test("a segment before the last that ends in mid line is damaged there", async () => {
    const disk = new MemoryDisk();
    await write(disk, FOUR);
    await write(disk, [anObject(7)]);
    disk.files.set(FIRST, content(disk).subarray(0, -3));
    const { records, damage } = await read(disk);
    expect(records).toEqual([...FOUR.slice(0, 3), anObject(7)]);
    expect(damage).toMatchObject([{ segment: 1, line: 5, reason: "the segment ends in the middle of a line" }]);
  });
});

describe("a version this Faro does not know", () => {
  test.each([
    ["reading", (disk: MemoryDisk) => openRecordingSource(DIRECTORY, { layer: disk })],
    ["going on", goOn],
  ])("refuses %s with that word, and changes nothing", async (_name, open) => {
    const disk = new MemoryDisk();
    const bytes = Buffer.from('{"magic":1,"type":"faro-recording","version":2}\n{"other":');
    disk.files.set(FIRST, bytes);
    await expect(open(disk)).rejects.toThrow(
      expect.objectContaining({
        code: "FARO_RECORDING_TOO_NEW",
        message: "cannot read /rec/000001.ndjson: it has format version 2, which is newer than this Faro knows (1)",
      }),
    );
    expect(content(disk)).toEqual(bytes);
  });

  test("a directory without a recording is said to have none", async () => {
    await expect(openRecordingSource(DIRECTORY, { layer: new MemoryDisk() })).rejects.toThrow(
      "cannot read /rec: there is no recording in it",
    );
  });

  test("what the disk says is passed on, with the directory", async () => {
    const directory = fileURLToPath(import.meta.url);
    await expect(openRecordingSource(directory)).rejects.toThrow(`cannot read the recording in ${directory}: ENOTDIR`);
    await expect(openRecording({ directory, clock: systemClock, faroVersion: "1" })).rejects.toThrow(
      expect.objectContaining({ code: "FARO_OUTPUT_NOT_WRITABLE", message: expect.stringContaining(`${directory}: EEXIST`) }),
    );
  });

  test("a first line that is no header is damage, not a version", async () => {
    const disk = new MemoryDisk();
    disk.files.set(FIRST, Buffer.from("null\nnot json\n"));
    const { records, damage } = await read(disk);
    expect([records.length, damage.length]).toEqual([0, 2]);
  });
});

describe("kill -9", () => {
  const WRITER = `
    const [directory] = process.argv.slice(1);
    const { openRecording } = await import("CODE/archive.mjs");
    const { systemClock } = await import("CODE/base.mjs");
    const writer = await openRecording({ directory, clock: systemClock, faroVersion: "1", commitIntervalMs: 1 });
    const fixed = { type: "object", at: "2026-01-01T00:00:00.000Z", scope: "s" };
    const raw = (length) => Buffer.from('{"x":"' + "y".repeat(length) + '"}');
    const object = (seq) => ({ ...fixed, seq, resourceVersion: String(seq), raw: raw(seq % 3000) });
    let seq = writer.recovered.lastSeq;
    for (;;) {
      for (let count = 0; count < 200; count++) writer.append(object(++seq));
      await writer.durable();
      console.log(seq);
    }`;

  test("keeps everything that was durable, in order and once, over several deaths", async () => {
    const directory = await mkdtemp(join(tmpdir(), "faro-kill-"));
    const bundle = await rolldown({
      input: {
        archive: fileURLToPath(new URL("./index.ts", import.meta.url)),
        base: fileURLToPath(new URL("../base/index.ts", import.meta.url)),
      },
      platform: "node",
    });
    await bundle.write({ dir: join(directory, "code"), entryFileNames: "[name].mjs" });
    const recording = join(directory, "recording");
    const script = WRITER.replaceAll("CODE", pathToFileURL(join(directory, "code")).href);
    try {
      for (const reports of [1, 3, 7]) {
        const durable = await killAfter(reports, ["--input-type=module", "-e", script, recording]);
        const source = await openRecordingSource(recording);
        const seqs = withoutHeaders(await all(source.scan())).map((record) => record.seq);
        await source.close();
        expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => index + 1));
        expect(seqs.length).toBeGreaterThanOrEqual(durable);
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

async function killAfter(reports: number, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let durable = 0;
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    durable = Number(line);
    if (++seen === reports) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");
  return durable;
}

describe("on a real disk", () => {
  test("files are for their owner alone", async () => {
    const directory = join(await mkdtemp(join(tmpdir(), "faro-rec-")), "recording");
    const writer = await openRecording({ directory, clock: systemClock, faroVersion: "1" });
    const position = writer.append(anObject(1));
    await writer.durable();
    expect(await writer.read(position)).toEqual(anObject(1));
    await writer.close();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, "000001.ndjson"))).mode & 0o777).toBe(0o600);
    await rm(join(directory, ".."), { recursive: true });
  });
});
