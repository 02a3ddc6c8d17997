import { beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { encodeRecord, type Position } from "../record/index.ts";
import { MemoryDisk, systemError } from "./memory-disk.cases.ts";
import { openRecording, type RecordingOptions } from "./open-recording.ts";
import { openRecordingSource } from "./recording-reader.ts";
import type { Commit, RecordingWriter } from "./recording-writer.ts";
import { aLog, all, anObject, withoutHeaders } from "./records.cases.ts";

const DIRECTORY = "/rec";
const FIRST = "/rec/000001.ndjson";
let disk: MemoryDisk;
let clock: VirtualClock;
let events: string[];
let commits: Commit[];

beforeEach(() => {
  disk = new MemoryDisk();
  clock = new VirtualClock();
  events = [];
  commits = [];
});

/** Holds the next write until what it answers is called. */
function holdDisk(): () => void {
  let openGate = (): void => {};
  disk.gate = () =>
    new Promise((resolve) => {
      openGate = resolve;
    });
  return () => {
    disk.gate = () => Promise.resolve();
    openGate();
  };
}

function open(more: Partial<RecordingOptions> = {}): Promise<RecordingWriter> {
  return openRecording({
    directory: DIRECTORY,
    clock,
    faroVersion: "1.0.0",
    layer: disk,
    onCommit: (commit) => commits.push(commit),
    onStall: (why) => events.push(`stall ${why}`),
    onResume: () => events.push("resume"),
    ...more,
  });
}

async function readBack(): Promise<readonly unknown[]> {
  return withoutHeaders(await all((await openRecordingSource(DIRECTORY, { layer: disk })).scan()));
}

describe("group commit", () => {
  test("writes and syncs once, 50 ms after the first record", async () => {
    const writer = await open();
    for (let seq = 1; seq <= 100; seq++) writer.append(anObject(seq));
    await clock.advance(49);
    expect(disk.files.size).toBe(0);
    await clock.advance(1);
    expect(disk.log).toEqual(["datasync"]);
    expect(commits).toEqual([{ records: 101, bytes: writer.bytes, fsyncMs: 0 }]);
    expect(writer.unwrittenBytes).toBe(0);
  });

  test("does not wait for the interval when a megabyte is full", async () => {
    const writer = await open();
    for (let seq = 1; seq <= 110; seq++) writer.append(anObject(seq, 10_000));
    await clock.advance(0);
    expect(commits.map((commit) => commit.bytes)).toEqual([expect.closeTo(1024 * 1024, -5)]);
    await clock.advance(50);
    expect(await readBack()).toHaveLength(110);
  });

  test("syncs together what came while the disk was busy", async () => {
    const writer = await open();
    const release = holdDisk();
    writer.append(anObject(1));
    const first = writer.durable();
    await clock.advance(0);
    for (let seq = 2; seq <= 50; seq++) {
      writer.append(anObject(seq));
      await clock.advance(60);
    }
    release();
    await first;
    await writer.durable();
    expect(commits.map((commit) => commit.records)).toEqual([2, 49]);
  });

  test("a disk that takes a part of what it is given gets the rest, in its place", async () => {
    const writer = await open();
    disk.writeMax = 700_001;
    const release = holdDisk();
    writer.append(anObject(1));
    const first = writer.durable();
    await clock.advance(0);
    for (let seq = 2; seq <= 350; seq++) writer.append(anObject(seq, 10_000));
    release();
    await first;
    await writer.durable();
    expect(commits.map((commit) => commit.records)).toEqual([2, 303, 46]);
    expect(await readBack()).toHaveLength(350);
  });

  test("durable() resolves at once when nothing waits, and only after the sync otherwise", async () => {
    const writer = await open();
    await writer.durable();
    writer.append(anObject(1));
    await writer.durable();
    expect(disk.log).toEqual(["datasync"]);
    expect(disk.files.get(FIRST)).toHaveLength(writer.bytes);
  });

  test("a record larger than a block is one block", async () => {
    const writer = await open();
    const big = anObject(2, 3_000_000);
    writer.append(anObject(1));
    const position = writer.append(big);
    writer.append(anObject(3));
    await writer.durable();
    expect(await readBack()).toHaveLength(3);
    expect(encodeRecord(await writer.read(position)).equals(encodeRecord(big))).toBe(true);
  });
});

describe("positions", () => {
  test("are valid before and after the write, and across segments", async () => {
    const writer = await open({ segmentBytesMax: 2_000 });
    const positions: Position[] = [];
    for (let seq = 1; seq <= 20; seq++) positions.push(writer.append(anObject(seq)));
    const check = async (): Promise<void> => {
      for (const [index, position] of positions.entries()) expect(await writer.read(position)).toEqual(anObject(index + 1));
    };
    await check();
    await writer.durable();
    await check();
    expect(disk.files.size).toBeGreaterThan(2);
    expect([...positions].sort((a, b) => a - b)).toEqual(positions);
  });

  test("are those of the scan", async () => {
    const writer = await open({ segmentBytesMax: 1_500 });
    const positions = Array.from({ length: 12 }, (_, index) => writer.append(anObject(index + 1)));
    const scanned = (await all(writer.scan())).filter((item) => item.record.seq > 0);
    expect(scanned.map((item) => item.position)).toEqual(positions);
  });

  test("a page of the file that has grown since is read again", async () => {
    const writer = await open();
    const first = writer.append(anObject(1));
    await writer.durable();
    expect(await writer.read(first)).toEqual(anObject(1));
    const second = writer.append(anObject(2));
    await writer.durable();
    expect(await writer.read(second)).toEqual(anObject(2));
  });

  test("what a pending read gave does not change when its memory is used again", async () => {
    const writer = await open();
    const record = await writer.read(writer.append(anObject(1)));
    await writer.durable();
    writer.append(aLog(2, 50));
    expect(record).toEqual(anObject(1));
  });

  test("an unknown position is an error that names the place", async () => {
    const writer = await open();
    writer.append(anObject(1));
    await writer.durable();
    await expect(writer.read(2 ** 36 + 7)).rejects.toThrow(/^cannot read the line at byte 7 of \/rec\/000001\.ndjson: /);
  });
});

describe("a disk in trouble", () => {
  test("a full disk loses nothing: order kept, told once, resumed when there is room", async () => {
    const writer = await open();
    writer.append(anObject(1));
    await writer.durable();
    disk.free = 100;
    for (let seq = 2; seq <= 400; seq++) {
      writer.append(anObject(seq, 10_000));
      if (seq % 100 === 0) await clock.advance(5_000);
    }
    expect(events).toEqual(["stall ENOSPC: injected"]);
    expect(writer.unwrittenBytes).toBeGreaterThan(3_900_000);
    disk.free = Number.POSITIVE_INFINITY;
    await clock.advance(1_000);
    await writer.durable();
    expect(events).toEqual(["stall ENOSPC: injected", "resume"]);
    expect((await readBack()).map((record) => (record as { seq: number }).seq)).toEqual(
      Array.from({ length: 400 }, (_, index) => index + 1),
    );
  });

  test.each(["open", "write", "datasync", "mkdir"] as const)("goes on after a failing %s", async (operation) => {
    const writer = await open();
    let failures = 3;
    disk.fault = (current) => {
      if (current === operation && failures-- > 0) throw systemError("EIO");
    };
    writer.append(anObject(1));
    writer.append(anObject(2));
    await clock.advance(10_000);
    await writer.durable();
    expect(events).toEqual(["stall EIO: injected", "resume"]);
    expect(await readBack()).toEqual([anObject(1), anObject(2)]);
  });

  test("a failed sync is not trusted later: the block is written again", async () => {
    const writer = await open();
    let writes = 0;
    let syncs = 0;
    let opened = 0;
    disk.fault = (operation) => {
      if (operation === "open") opened++;
      if (operation === "write") writes++;
      if (operation === "datasync" && syncs++ === 0) throw systemError("EIO");
    };
    writer.append(anObject(1));
    await clock.advance(1_100);
    expect([writes, opened]).toEqual([2, 2]);
    expect(await readBack()).toEqual([anObject(1)]);
  });

  test("room() holds producers back above the budget and lets them go below it", async () => {
    const writer = await open({ budgetBytes: 50_000 });
    await writer.room();
    disk.free = 0;
    for (let seq = 1; seq <= 10; seq++) writer.append(anObject(seq, 10_000));
    let hasRoom = false;
    const waiting = writer.room().then(() => {
      hasRoom = true;
    });
    await clock.advance(3_000);
    expect(hasRoom).toBe(false);
    disk.free = Number.POSITIVE_INFINITY;
    await clock.advance(1_000);
    await waiting;
    expect(hasRoom).toBe(true);
  });

  test("close() with a signal gives up on a disk that stays full", async () => {
    const writer = await open();
    writer.append(anObject(1));
    await writer.durable();
    disk.free = 0;
    writer.append(anObject(2));
    const durable = writer.durable().then(
      () => "durable",
      (error: Error) => error.message,
    );
    const abort = new AbortController();
    const closing = writer.close(abort.signal);
    await clock.advance(2_500);
    abort.abort();
    await closing;
    expect(await durable).toBe("the recording was closed before its end was written");
    expect(await readBack()).toEqual([anObject(1)]);
  });
});

describe("the end", () => {
  test("close() writes what is left; nothing can be appended afterwards", async () => {
    const writer = await open();
    writer.append(anObject(1));
    await writer.close();
    expect(await readBack()).toEqual([anObject(1)]);
    expect(() => writer.append(anObject(2))).toThrow("nothing is appended to a closed recording");
  });

  test("every segment begins with a header of its own", async () => {
    const writer = await open({ segmentBytesMax: 1_000 });
    for (let seq = 1; seq <= 9; seq++) writer.append(anObject(seq));
    await writer.close();
    for (const [path, content] of disk.files) {
      const header: unknown = JSON.parse(content.toString().split("\n")[0] ?? "");
      expect(header).toMatchObject({
        type: "faro-recording",
        seq: 0,
        version: 1,
        faroVersion: "1.0.0",
        segment: Number(path.slice(5, 11)),
      });
      expect(content.length).toBeLessThanOrEqual(1_000);
    }
  });
});
