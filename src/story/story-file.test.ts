import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at, indexOf, MemoryRecording, numbered, object, opened, ROOT, STORY, storyText } from "./recording.cases.ts";
import { storyFileName, writeStoryFile } from "./story-file.ts";

const versions = ["10:00:01", "10:00:02", "10:00:03"].map((time) => object("Deployment", "d-1", { at: at(time) }));
const records = numbered([opened(at("10:00:00")), ...versions]);
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faro-story-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe("the name of a story file", () => {
  test.each([
    ["Deployment", "my-app", "3f2a9c1d-0000-4000-8000-000000000000", "deployment-my-app-3f2a9c1d.json"],
    ["ClusterRole", "system:node/../x", "u1", "clusterrole-system_node_.._x-u1.json"],
    ["Pod", "p".repeat(253), "3f2a9c1d-…", `pod-${"p".repeat(196)}-3f2a9c1d.json`],
  ])("of %s %s is safe and of bounded length", (kind, name, uid, file) => {
    expect(storyFileName({ ...ROOT, kind, name, uid })).toBe(file);
  });
});

describe("writeStoryFile", () => {
  test("writes the whole story under its name, for its owner alone, and leaves nothing beside it", async () => {
    const written = await writeStoryFile({
      index: indexOf(records),
      source: new MemoryRecording(records),
      story: STORY,
      directory,
    });
    expect(written).toMatchObject({
      file: join(directory, "deployment-web-d-1.json"),
      events: 3,
      verdict: "complete",
      reasons: [],
    });
    expect(await readdir(directory)).toEqual(["deployment-web-d-1.json"]);
    expect(await readFile(written?.file ?? "", "utf8")).toBe(await storyText(records, STORY));
    expect((await stat(written?.file ?? "")).mode & 0o777).toBe(0o600);
  });

  test("replaces an older one", async () => {
    const write = (of: typeof records): Promise<unknown> =>
      writeStoryFile({ index: indexOf(of), source: new MemoryRecording(of), story: STORY, directory });
    await write(records.slice(0, 2));
    await expect(write(records)).resolves.toMatchObject({ events: 3 });
  });

  test("leaves damaged rows out and says so", async () => {
    const source = new MemoryRecording(records);
    source.damage(1);
    source.damage(2);
    const written = await writeStoryFile({ index: indexOf(records), source, story: STORY, directory });
    expect(written).toMatchObject({ events: 1, verdict: "incomplete" });
    expect(written?.reasons).toHaveLength(2);
    const document: unknown = JSON.parse(await readFile(written?.file ?? "", "utf8"));
    expect(document).toMatchObject({ events: [{ received_at: at("10:00:03") }] });
  });

  test("passes any other error on and leaves no draft", async () => {
    const source = new MemoryRecording(records);
    source.readSome = () => Promise.reject(new Error("no more files"));
    await expect(writeStoryFile({ index: indexOf(records), source, story: STORY, directory })).rejects.toThrow("no more files");
    expect(await readdir(directory)).toEqual([]);
  });

  test("knows nothing of an unknown story", async () => {
    expect(
      await writeStoryFile({ index: indexOf(records), source: new MemoryRecording(records), story: "pod-x", directory }),
    ).toBeUndefined();
  });
});
