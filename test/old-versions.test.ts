/** What an earlier Faro wrote stays readable: a recording and a story of every version of the format are kept here as they were. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRecordingSource, recordingDirectory } from "../src/archive/index.ts";
import { rebuildStories, verifyRecording } from "../src/capture/index.ts";
import { encodeRecord, type FaroRecord, RECORDING_VERSION } from "../src/record/index.ts";
import { STORY_SCHEMA_VERSION } from "../src/story/index.ts";
import { readStory, validateStory } from "../src/views/index.ts";
import { recordsIn } from "./support/recorded.ts";

const KEPT = join(import.meta.dirname, "versions");
const TYPES: Readonly<Record<FaroRecord["type"], true>> = {
  "faro-recording": true,
  run: true,
  scope: true,
  object: true,
  lifecycle: true,
  "log-stream": true,
  log: true,
  "log-end": true,
  gap: true,
  story: true,
  attribution: true,
  relation: true,
  incident: true,
  checkpoint: true,
  seal: true,
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "faro-versions-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

it("there is one of every version up to this one, of the recording and of the story", () => {
  const versions = Array.from({ length: RECORDING_VERSION }, (_, at) => String(at + 1));
  expect(readdirSync(KEPT)).toEqual(versions);
  expect(versions).toContain(STORY_SCHEMA_VERSION);
});

describe.each(readdirSync(KEPT))("version %s", (version) => {
  const kept = join(KEPT, version);
  const storyFile = readdirSync(kept).find((name) => name.endsWith(".json")) ?? "";

  it("a recording is sound, and every record says what it said", async () => {
    const records = await recordsIn(kept);
    expect(new Set(records.map(({ type }) => type))).toEqual(new Set(Object.keys(TYPES)));
    const lines = readFileSync(join(recordingDirectory(kept), "000001.ndjson"), "utf8")
      .trimEnd()
      .split("\n");
    const said = lines.map((line) => ({ ...JSON.parse(line), crc: undefined }));
    const told = records.map((record) =>
      record.type === "object" ? { ...record, raw: undefined, object: JSON.parse(record.raw.toString()) } : record,
    );
    expect(told).toEqual(said);
    expect(await verifyRecording(kept)).toMatchObject({ verdict: "sound", findings: [] });
  });

  it("its stories are derived, and tell all that they told", async () => {
    const [written] = await rebuildStories({ output: kept, into: directory });
    const [now, then] = [
      JSON.parse(readFileSync(written?.file ?? "", "utf8")),
      JSON.parse(readFileSync(join(kept, storyFile), "utf8")),
    ];
    expect(now).toMatchObject({ ...then, metadata: { ...then.metadata, event_count: then.events.length } });
  });

  it("a story is valid, and can be read", async () => {
    for await (const { what } of validateStory(join(kept, storyFile))) expect.fail(what);
    const story = await readStory(join(kept, storyFile));
    let events = 0;
    for await (const _ of story.events()) events++;
    expect(events).toBe(story.metadata.event_count);
  });
});

it("members that a later Faro of the same version added are passed over", async () => {
  const kept = join(KEPT, String(RECORDING_VERSION));
  const recording = recordingDirectory(directory);
  mkdirSync(recording);
  const records = (await recordsIn(kept)).filter(({ type }) => type !== "seal");
  const added = records.map((record) => encodeRecord(Object.assign({}, record, { addedLater: { deep: [1] } })));
  writeFileSync(join(recording, "000001.ndjson"), Buffer.concat(added));
  const [before] = await rebuildStories({ output: kept, into: mkdtempSync(join(directory, "before-")) });
  const [after] = await rebuildStories({ output: directory });
  expect(readFileSync(after?.file ?? "", "utf8")).toBe(readFileSync(before?.file ?? "", "utf8"));
});

it("a later version is refused with that word, before anything of it is read", async () => {
  const recording = recordingDirectory(directory);
  mkdirSync(recording);
  const kept = join(recordingDirectory(join(KEPT, String(RECORDING_VERSION))), "000001.ndjson");
  copyFileSync(kept, join(recording, "000001.ndjson"));
  const at = "2027-01-01T00:00:00.000Z";
  const header = {
    type: "faro-recording",
    seq: 0,
    at,
    version: RECORDING_VERSION + 1,
    faroVersion: "9.0.0",
    segment: 2,
  } as const;
  writeFileSync(join(recording, "000002.ndjson"), encodeRecord(header));
  await expect(openRecordingSource(recording)).rejects.toMatchObject({
    code: "FARO_RECORDING_TOO_NEW",
    message: expect.stringMatching(/000002\.ndjson: .*version 2.* newer/),
  });
});
