import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { VirtualClock } from "../base/index.ts";
import type { RecordAt } from "../record/index.ts";
import { checkSegments, type Finding } from "./check-segments.ts";
import { MemoryDisk } from "./memory-disk.cases.ts";
import { openRecording } from "./open-recording.ts";
import { openRecordingSource } from "./recording-reader.ts";
import { all, anObject, withoutHeaders } from "./records.cases.ts";

const FIRST = "/rec/000001.ndjson";

async function recorded(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const writer = await openRecording({ directory: "/rec", clock: new VirtualClock(), faroVersion: "1.0.0", layer: disk });
  for (const record of [anObject(1), anObject(2, 300)]) writer.append(record);
  await writer.close();
  return disk;
}

/** Packs the first segment, as `gzip` does. */
function pack(disk: MemoryDisk): void {
  disk.files.set(`${FIRST}.gz`, gzipSync(disk.files.get(FIRST) ?? Buffer.alloc(0)));
  disk.files.delete(FIRST);
}

it("a packed segment is read like any other: in order, at a position, and when it is checked", async () => {
  const disk = await recorded();
  pack(disk);
  const source = await openRecordingSource("/rec", { layer: disk });
  const found: RecordAt[] = [];
  for await (const item of source.scan()) if (item.record.type === "object") found.push(item);
  expect(found.map(({ record }) => record.seq)).toEqual([1, 2]);
  expect((await source.read(found[1]?.position ?? 0)).seq).toBe(2);
  const findings: Finding[] = [];
  for await (const _ of checkSegments("/rec", (finding) => findings.push(finding), disk));
  expect(findings).toEqual([]);
});

it("a run goes on behind it, and leaves it as it is", async () => {
  const disk = await recorded();
  pack(disk);
  const before = disk.files.get(`${FIRST}.gz`);
  const writer = await openRecording({ directory: "/rec", clock: new VirtualClock(), faroVersion: "1.0.0", layer: disk });
  expect(writer.recovered).toMatchObject({ lastSeq: 2, truncatedBytes: 0 });
  writer.append(anObject(3));
  await writer.close();
  expect([...disk.files.keys()].toSorted()).toEqual(["/rec/000001.ndjson.gz", "/rec/000002.ndjson"]);
  expect(disk.files.get(`${FIRST}.gz`)).toBe(before);
  const source = await openRecordingSource("/rec", { layer: disk });
  expect(withoutHeaders(await all(source.scan())).filter(({ type }) => type === "object")).toHaveLength(3);
});

it("of a segment that is there in both forms the plain one counts", async () => {
  const disk = await recorded();
  disk.files.set(`${FIRST}.gz`, Buffer.from("no gzip"));
  const source = await openRecordingSource("/rec", { layer: disk });
  expect(withoutHeaders(await all(source.scan())).filter(({ type }) => type === "object")).toHaveLength(2);
});

it("one that cannot be unpacked is named", async () => {
  const disk = await recorded();
  pack(disk);
  disk.files.set(`${FIRST}.gz`, Buffer.from("no gzip"));
  await expect(openRecordingSource("/rec", { layer: disk })).rejects.toThrow(
    "cannot unpack /rec/000001.ndjson.gz: incorrect header check",
  );
});
