/**
 * A story as a file: whole or not there. It is written under another name beside its place, synced, then
 * renamed; a reader, or a crash at any moment, finds the old story or the new one.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { CorrelationId, RecordingSource, StoryRecord } from "../record/index.ts";
import { UnreadableRow } from "./merge.ts";
import type { StoryIndex } from "./story-index.ts";
import { ownDisk, sharedDisk, type StoryDisk, type StoryFile } from "./story-disk.ts";
import { StoryMemory } from "./story-memory.ts";
import { type StorySummary, writeStory } from "./write-story.ts";

export interface StoryFilesOptions {
  readonly index: StoryIndex;
  readonly source: RecordingSource;
  /** Where the files go. */
  readonly directory: string;
  /** This process does nothing else meanwhile: then it waits for the disk itself where that is cheaper. */
  readonly isAlone?: boolean | undefined;
}

export interface WrittenStoryFile extends StorySummary {
  readonly file: string;
}

/** A story that is told, on its way to its place. */
export interface ToldStory extends WrittenStoryFile {
  /** Settles when it is there, whatever happens to the machine; rejects when it did not get there. */
  readonly kept: Promise<void>;
}

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

/** Told stories that wait for the disk. Of the four threads that Node has for files one is left for whoever else needs it. */
const KEEPING_MAX = 3;

/** Writes the stories of one recording: one is told while others wait for the disk. */
export class StoryFiles {
  readonly #options: StoryFilesOptions;
  readonly #memory = new StoryMemory();
  readonly #disk: StoryDisk;
  readonly #names: Names;
  /** By file; none of them rejects. */
  readonly #keeping = new Map<string, Promise<void>>();

  constructor(options: StoryFilesOptions) {
    this.#options = options;
    this.#disk = options.isAlone === true ? ownDisk : sharedDisk;
    this.#names = new Names(this.#disk, options.directory);
  }

  /**
   * Tells a story into a file that takes the place of an older one. Rows that the disk no longer gives are left out, and the
   * verdict says so. To be called anew when it has resolved. `undefined` for a story that the index does not know.
   */
  async write(story: CorrelationId): Promise<ToldStory | undefined> {
    const { index, directory } = this.#options;
    const state = index.story(story);
    if (state === undefined) return undefined;
    const file = join(directory, storyFileName(state.root));
    while (this.#keeping.has(file) || this.#keeping.size >= KEEPING_MAX) await Promise.race(this.#keeping.values());
    const draft = `${file}.${process.pid}.tmp`;
    const told = await withoutDraft(draft, () => this.#tell(draft, story));
    if (told === undefined) return undefined;
    const kept = withoutDraft(draft, () => this.#keep(told.written, draft, file));
    const settle = (): void => void this.#keeping.delete(file);
    this.#keeping.set(file, kept.then(settle, settle));
    return { ...told.summary, file, kept };
  }

  /** Each attempt that meets a damaged row leaves one row less to read, so this ends. */
  async #tell(draft: string, story: CorrelationId): Promise<Draft | undefined> {
    for (;;) {
      const written = await this.#disk.create(draft);
      try {
        const summary = await writeStory({ ...this.#options, story, sink: written, memory: this.#memory });
        if (summary !== undefined) return { written, summary };
        await written.close();
        await rm(draft, { force: true });
        return undefined;
      } catch (error) {
        await written.close();
        if (!(error instanceof UnreadableRow)) throw error;
      }
    }
  }

  async #keep(written: StoryFile, draft: string, file: string): Promise<void> {
    try {
      await written.sync();
    } finally {
      await written.close();
    }
    await this.#disk.rename(draft, file);
    await this.#names.sync();
  }
}

interface Draft {
  readonly written: StoryFile;
  readonly summary: StorySummary;
}

/** Writes one story and waits until its file is kept. */
export async function writeStoryFile({
  story,
  ...options
}: StoryFilesOptions & { readonly story: CorrelationId }): Promise<WrittenStoryFile | undefined> {
  const told = await new StoryFiles(options).write(story);
  await told?.kept;
  return told;
}

async function withoutDraft<T>(draft: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** The names in a directory. Those that come while it is synced share the next sync. */
class Names {
  readonly #disk: StoryDisk;
  readonly #directory: string;
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(disk: StoryDisk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /** Settles when the names that are there now are durable. */
  sync(): Promise<void> {
    this.#next ??= this.#current
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#sync();
      });
    return (this.#current = this.#next);
  }

  async #sync(): Promise<void> {
    // Windows cannot open a directory; its file system keeps names without being asked.
    if (process.platform === "win32") return;
    const directory = await this.#disk.openDirectory(this.#directory);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}
