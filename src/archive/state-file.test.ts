import { describe, expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { MemoryDisk, systemError } from "./memory-disk.cases.ts";
import { openRecording } from "./open-recording.ts";
import type { RecordingWriter } from "./recording-writer.ts";
import { all, anObject, withoutHeaders } from "./records.cases.ts";
import { readState } from "./state-file.ts";

const DIRECTORY = "/rec";
const PIECES = [Buffer.from("what is known"), Buffer.alloc(0), Buffer.from("a page")];

function open(disk: MemoryDisk, faroVersion = "1.0.0"): Promise<RecordingWriter> {
  return openRecording({ directory: DIRECTORY, clock: new VirtualClock(), faroVersion, layer: disk, segmentBytesMax: 2_000 });
}

/** Two runs that were killed: two segments of the first, and a state that the second kept between its last two records. */
async function kept(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const first = await open(disk);
  for (const seq of [1, 2, 3, 4]) first.append(anObject(seq, 300));
  await first.durable();
  const second = await open(disk);
  for (const seq of [5, 6]) second.append(anObject(seq));
  await second.saveState(second.mark(6), PIECES);
  second.append(anObject(7));
  await second.durable();
  return disk;
}

function texts(pieces: readonly Buffer[] | undefined): readonly string[] | undefined {
  return pieces?.map(String);
}

/** Flips a bit of a file in place. */
function flip(disk: MemoryDisk, path: string, at: number): void {
  const bytes = Buffer.from(disk.files.get(path) ?? Buffer.alloc(0));
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  disk.files.set(path, bytes);
}

describe("a state that was kept", () => {
  test("is found by the next run, which reads what stands behind it, and counts on", async () => {
    const writer = await open(await kept());
    const saved = writer.takeSaved();
    expect(texts(saved?.pieces)).toEqual(PIECES.map(String));
    expect(withoutHeaders(await all(writer.scan(saved))).map(({ seq }) => seq)).toEqual([7]);
    expect(writer.recovered.lastSeq).toBe(7);
    expect(writer.takeSaved()).toBeUndefined();
  });

  test("is found when nothing stands behind it, at the end of a run too", async () => {
    const disk = await kept();
    const writer = await open(disk);
    writer.append(anObject(8));
    await writer.saveState(writer.mark(8), [Buffer.from("at the end")]);
    await writer.close();
    const next = await open(disk);
    const saved = next.takeSaved();
    expect(texts(saved?.pieces)).toEqual(["at the end"]);
    expect(withoutHeaders(await all(next.scan(saved)))).toEqual([]);
    expect(next.recovered.lastSeq).toBe(8);
  });

  test.each<[string, (disk: MemoryDisk) => void]>([
    ["a byte of it was changed", (disk) => flip(disk, "/rec/state-0", 3)],
    ["a byte of what it says of itself was changed", (disk) => flip(disk, "/rec/state-0", -60)],
    [
      "it is cut off",
      (disk) => disk.files.set("/rec/state-0", disk.files.get("/rec/state-0")?.subarray(0, -1) ?? Buffer.alloc(0)),
    ],
    ["it is empty", (disk) => disk.files.set("/rec/state-0", Buffer.alloc(0))],
    ["an earlier segment was changed", (disk) => flip(disk, "/rec/000001.ndjson", 300)],
    ["an earlier segment is missing", (disk) => disk.files.delete("/rec/000001.ndjson")],
    ["a byte in front of its place was changed", (disk) => flip(disk, "/rec/000003.ndjson", 250)],
    [
      "its segment is shorter",
      (disk) => disk.files.set("/rec/000003.ndjson", disk.files.get("/rec/000003.ndjson")?.subarray(0, 300) ?? Buffer.alloc(0)),
    ],
    ["its segment is missing", (disk) => disk.files.delete("/rec/000003.ndjson")],
  ])("is as good as none when %s", async (_, change) => {
    const disk = await kept();
    expect([...disk.files.keys()].sort()).toEqual([
      "/rec/000001.ndjson",
      "/rec/000002.ndjson",
      "/rec/000003.ndjson",
      "/rec/state-0",
    ]);
    const isKept = async (): Promise<boolean> =>
      (await readState({ layer: disk, directory: DIRECTORY, faroVersion: "1.0.0" })) !== undefined;
    expect(await isKept()).toBe(true);
    change(disk);
    const writer = await open(disk);
    expect(writer.takeSaved()).toBeUndefined();
    expect(await all(writer.scan())).not.toEqual([]);
  });

  test("is as good as none for another version of Faro", async () => {
    expect((await open(await kept(), "1.0.1")).takeSaved()).toBeUndefined();
  });

  test("stands while the next one is written, and gives way to it", async () => {
    const disk = await kept();
    const writer = await open(disk);
    writer.append(anObject(8));
    const found = async (): Promise<readonly string[] | undefined> =>
      texts((await readState({ layer: disk, directory: DIRECTORY, faroVersion: "1.0.0" }))?.saved.pieces);
    const broken = (function* () {
      yield Buffer.from("new");
      throw systemError("EIO");
    })();
    await expect(writer.saveState(writer.mark(8), broken)).rejects.toThrow("EIO");
    expect(await found()).toEqual(PIECES.map(String));
    expect([...disk.files.keys()].filter((path) => path.includes("state"))).toEqual(["/rec/state-0"]);
    await writer.saveState(writer.mark(8), [Buffer.from("new")]);
    expect(await found()).toEqual(["new"]);
  });

  test("speaks of nothing that is not durable", async () => {
    const disk = new MemoryDisk();
    const writer = await open(disk);
    writer.append(anObject(1));
    const order: string[] = [];
    disk.fault = (operation) => order.push(operation);
    await writer.saveState(writer.mark(1), PIECES);
    expect(order.slice(0, order.indexOf("datasync"))).toEqual(["mkdir", "open", "sync-directory", "write"]);
    expect(order.filter((operation) => operation === "open")).toHaveLength(2);
  });
});
