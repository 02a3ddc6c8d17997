import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at, indexOf, MemoryRecording, numbered, object, opened, ROOT, STORY, storyText } from "./recording.cases.ts";
import type { StoryIndex } from "./story-index.ts";
import { StoryFiles, storyFileName, type ToldStory, writeStoryFile } from "./story-file.ts";

const versions = ["10:00:01", "10:00:02", "10:00:03"].map((time) => object("Deployment", "d-1", { at: at(time) }));
const records = numbered([opened(at("10:00:00")), ...versions]);
/** `S_IFREG` of a mode. */
const REGULAR_FILE = 0o100_000;
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

describe.each([false, true])("StoryFiles, alone in their process: %s", (isAlone) => {
  const names = Array.from({ length: 12 }, (_, number) => `d-${number}`);
  const many = numbered(
    names.flatMap((uid) => [
      { type: "story", seq: 0, at: at("10:00:00"), story: uid, state: "opened", root: { ...ROOT, name: uid, uid } } as const,
      object("Deployment", uid, { at: at("10:00:01") }),
    ]),
  );

  function filesOf(index: StoryIndex = indexOf(many)): StoryFiles {
    return new StoryFiles({ index, source: new MemoryRecording(many), directory, isAlone });
  }

  test("keeps many stories side by side, each as it is alone", async () => {
    const files = filesOf();
    const told: (ToldStory | undefined)[] = [];
    for (const story of names) told.push(await files.write(story));
    await Promise.all(told.flatMap((each) => each?.kept ?? []));
    expect(await readdir(directory)).toHaveLength(names.length);
    for (const [place, story] of names.entries())
      expect(await readFile(told[place]?.file ?? "", "utf8")).toBe(await storyText(many, story));
  });

  test("tells a story anew only when the file that was told before is kept", async () => {
    const files = filesOf();
    const told = [await files.write("d-1"), await files.write("d-1"), await files.write("d-1")];
    await Promise.all(told.flatMap((each) => each?.kept ?? []));
    expect(await readdir(directory)).toEqual(["deployment-d-1-d-1.json"]);
  });

  test("says when a file cannot get to its place, leaves no draft, and goes on", async () => {
    const files = filesOf();
    await mkdir(join(directory, "deployment-d-1-d-1.json"));
    const [lost, other] = [await files.write("d-1"), await files.write("d-2")];
    await expect(lost?.kept).rejects.toThrow("EISDIR");
    await other?.kept;
    expect((await readdir(directory)).toSorted()).toEqual(["deployment-d-1-d-1.json", "deployment-d-2-d-2.json"]);
    await rm(join(directory, "deployment-d-1-d-1.json"), { recursive: true });
    await (
      await files.write("d-1")
    )?.kept;
    const { mode } = await stat(join(directory, "deployment-d-1-d-1.json"));
    expect(mode).toBe(REGULAR_FILE | 0o600);
  });

  test("refuse a directory that is not there", async () => {
    const files = new StoryFiles({
      index: indexOf(many),
      source: new MemoryRecording(many),
      directory: join(directory, "no"),
      isAlone,
    });
    await expect(files.write("d-1")).rejects.toThrow("ENOENT");
  });
});
