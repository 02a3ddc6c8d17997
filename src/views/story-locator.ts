/** Which story is meant: a file, or one of the files in the directory that `--output` was. */
import { closeSync, type Dirent, openSync, readSync, statSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { recordingDirectory } from "../archive/index.ts";
import { errorMessage, FaroError } from "../base/index.ts";
import { isTitled } from "./object-title.ts";
import { readStory, type StoryReader } from "./story-reader.ts";

/** What a path leads to. */
export type Located =
  /** Story files, the newest first. */
  | { readonly found: "stories"; readonly files: readonly string[] }
  /** A recording from which no story was written yet: `faro rebuild` derives them. */
  | { readonly found: "recording"; readonly directory: string };

/** Every story file begins so, whoever formatted it. */
const STORY_BEGINS = /^\{\s*"schema_version"/;

/**
 * @throws FaroError `FARO_USAGE` when there is no story and no recording at `path`
 */
export async function locateStories(path: string): Promise<Located> {
  const found = await statOf(path);
  if (found.isFile()) return { found: "stories", files: [path] };
  const files = await storyFilesIn(path);
  if (files.length > 0) return { found: "stories", files };
  if (await isDirectory(recordingDirectory(path))) return { found: "recording", directory: path };
  throw new FaroError("FARO_USAGE", `${path} holds no story and no recording`, {
    hint: "faro record deploy/my-app makes one in ./output; faro demo shows how, without a cluster",
  });
}

/**
 * Opens the story that `wanted` names: the beginning of its correlation id or uid, its name, or `kind/name`. Without one the
 * newest is taken.
 * @throws FaroError `FARO_USAGE` when no story, or more than one, is named so
 */
export async function chooseStory(files: readonly string[], wanted: string | undefined): Promise<StoryReader> {
  const [newest] = files;
  if (newest !== undefined && wanted === undefined) return readStory(newest);
  const stories = await readStories(files);
  const matching = stories.filter((story) => wanted !== undefined && isNamed(story, wanted.toLowerCase()));
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return only;
  const names = (matching.length === 0 ? stories : matching).map((story) => story.metadata.correlation_id);
  throw new FaroError(
    "FARO_USAGE",
    `${matching.length === 0 ? "no story is" : `${matching.length} stories are`} named ${wanted ?? ""}`,
    {
      hint: `there are: ${names.slice(0, NAMES_MAX).join(", ")}${names.length > NAMES_MAX ? ", …" : ""}`,
    },
  );
}

/** One after another: there may be more than a process may open. */
export async function readStories(files: readonly string[]): Promise<readonly StoryReader[]> {
  const stories: StoryReader[] = [];
  for (const file of files) stories.push(await readStory(file));
  return stories;
}

const NAMES_MAX = 5;

function isNamed({ metadata }: StoryReader, wanted: string): boolean {
  const { correlation_id: id, uid, resource_name: name, resource_type: type } = metadata;
  const isMeant = isTitled({ resource_type: type, name }, wanted);
  return id.startsWith(wanted) || uid.startsWith(wanted) || name === wanted || isMeant;
}

async function storyFilesIn(directory: string): Promise<readonly string[]> {
  const entries = (await entriesOf(directory)).filter((entry) => entry.isFile() && entry.name.endsWith(".json"));
  return entries
    .map(({ name }) => join(directory, name))
    .filter(beginsAsStory)
    .map((file) => ({ file, changedAt: statSync(file).mtimeMs }))
    .toSorted((a, b) => b.changedAt - a.changedAt || (a.file < b.file ? -1 : 1))
    .map(({ file }) => file);
}

/** Synchronously, as the rest of this: of ten thousand files each turn of the event loop costs more than what is read. */
function beginsAsStory(file: string): boolean {
  const handle = openSync(file, "r");
  try {
    const begin = Buffer.alloc(64);
    return STORY_BEGINS.test(begin.toString("latin1", 0, readSync(handle, begin)));
  } finally {
    closeSync(handle);
  }
}

async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    throw unreadable(directory, error);
  }
}

async function statOf(path: string): Promise<{ isFile(): boolean }> {
  try {
    return await stat(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

function unreadable(path: string, error: unknown): FaroError {
  return new FaroError("FARO_USAGE", `${path} cannot be read: ${errorMessage(error)}`, {
    hint: "name a story file or the directory that --output was; without one ./output is read",
    cause: error,
  });
}
