/**
 * A story as a file: whole or not there. It is written under another name beside its place, synced, then
 * renamed; a reader, or a crash at any moment, finds the old story or the new one.
 */
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CorrelationId, RecordingSource, StoryRecord } from "../record/index.ts";
import { UnreadableRow } from "./merge.ts";
import type { StoryIndex } from "./story-index.ts";
import type { StoryMemory } from "./story-memory.ts";
import type { StorySink } from "./text-buffer.ts";
import { type StorySummary, writeStory } from "./write-story.ts";

export interface StoryFileOptions {
  readonly index: StoryIndex;
  readonly source: RecordingSource;
  readonly story: CorrelationId;
  /** Where the file goes. */
  readonly directory: string;
  readonly memory?: StoryMemory | undefined;
}

export interface WrittenStoryFile extends StorySummary {
  readonly file: string;
}

const FILE_MODE = 0o600;
/** Leaves room for the temporary ending below the 255 bytes that file systems allow. */
const NAME_CHARACTERS_MAX = 200;

/** `deployment-my-app-3f2a9c1d.json`: kind in lower case, name, first eight characters of the uid. */
export function storyFileName(root: StoryRecord["root"]): string {
  const uid = safe(root.uid).slice(0, 8);
  const front = safe(`${root.kind.toLowerCase()}-${root.name}`).slice(0, NAME_CHARACTERS_MAX);
  return `${front}-${uid}.json`;
}

/** RBAC names hold colons (`system:node`), which Windows forbids; a name must not begin a hidden file or a path either. */
function safe(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, "_");
}

/**
 * Writes the file of a story, replacing an older one. Rows that the disk no longer gives are left out, and the
 * verdict says so. `undefined` for a story that the index does not know.
 */
export async function writeStoryFile(options: StoryFileOptions): Promise<WrittenStoryFile | undefined> {
  const state = options.index.story(options.story);
  if (state === undefined) return undefined;
  const file = join(options.directory, storyFileName(state.root));
  const draft = `${file}.${process.pid}.tmp`;
  try {
    const summary = await writeDraft(draft, options);
    if (summary === undefined) return undefined;
    await rename(draft, file);
    await syncDirectory(options.directory);
    return { ...summary, file };
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Each attempt that meets a damaged row leaves one row less to read, so this ends. */
async function writeDraft(draft: string, options: StoryFileOptions): Promise<StorySummary | undefined> {
  for (;;) {
    const handle = await open(draft, "w", FILE_MODE);
    try {
      const sink: StorySink = { write: (bytes) => handle.writeFile(bytes) };
      const summary = await writeStory({ ...options, sink });
      await handle.sync();
      return summary;
    } catch (error) {
      if (!(error instanceof UnreadableRow)) throw error;
    } finally {
      await handle.close();
    }
  }
}

async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open a directory; its file system keeps names without being asked.
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
