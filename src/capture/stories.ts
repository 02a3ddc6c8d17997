/** Writes the story files: one at a time, whenever a story is completed, from what the recording holds by then. */
import { rm } from "node:fs/promises";
import { errorMessage } from "../base/index.ts";
import type { RecordingWriter } from "../archive/index.ts";
import type { CorrelationId, GapRecord, StoryRecord } from "../record/index.ts";
import { StoryFiles, type StoryIndex, type ToldStory } from "../story/index.ts";
import type { WrittenStory } from "./options.ts";
import type { StatusHub } from "./status-hub.ts";

export interface StoriesOptions {
  readonly output: string;
  readonly writer: RecordingWriter;
  readonly index: StoryIndex;
  readonly hub: StatusHub;
}

export class Stories {
  readonly #options: StoriesOptions;
  readonly #written = new Map<CorrelationId, WrittenStory>();
  readonly #pending = new Set<CorrelationId>();
  readonly #failures = new Map<CorrelationId, string>();
  readonly #seen = new Set<CorrelationId>();
  readonly #open = new Set<CorrelationId>();
  readonly #deleted = new Set<CorrelationId>();
  /** Written before a gap was known that reaches back into them. */
  readonly #stale = new Map<CorrelationId, string>();
  readonly #merged = new Set<CorrelationId>();
  readonly #files: StoryFiles;
  /** Stories are told one after another. */
  #writing: Promise<void> = Promise.resolve();
  /** What was told is kept in the same order, while the next ones are told. */
  #keeping: Promise<void> = Promise.resolve();

  constructor(options: StoriesOptions) {
    this.#options = options;
    const { index, writer, output } = options;
    this.#files = new StoryFiles({ index, source: writer, directory: output });
  }

  /** Stories that are being told. */
  get open(): number {
    return this.#open.size;
  }

  /** Stories that ended with their root's deletion, of all that were seen. */
  get deleted(): number {
    return this.#deleted.size;
  }

  get seen(): number {
    return this.#seen.size;
  }

  get written(): readonly WrittenStory[] {
    return [...this.#written.values()];
  }

  /** Stories whose file could not be written, with the reason. */
  get failures(): ReadonlyMap<CorrelationId, string> {
    return this.#failures;
  }

  /** Takes note of a story's life; a completed one is written soon. */
  take(record: StoryRecord): void {
    const title = `${record.root.kind}/${record.root.name}`;
    if (record.state === "merged") {
      for (const stories of [this.#seen, this.#open, this.#deleted]) stories.delete(record.story);
      this.#merged.add(record.story);
      this.#writing = this.#writing.then(() => this.#withdraw(record.story));
      return;
    }
    this.#seen.add(record.story);
    if (record.state !== "completed") {
      this.#open.add(record.story);
      this.#deleted.delete(record.story);
      this.#options.hub.tell({ status: "story-opened", story: record.story, title, reopened: record.state === "reopened" });
      return;
    }
    this.#open.delete(record.story);
    if (record.because === "deleted") this.#deleted.add(record.story);
    this.#options.hub.tell({ status: "story-completed", story: record.story, title, because: record.because ?? "stopped" });
    this.#enqueue(record.story, title);
  }

  /**
   * A gap that touches a story which is complete already changes what its file must say: at once when the gap is over,
   * else with the last of the files.
   */
  takeGap(record: GapRecord): void {
    const { index } = this.#options;
    for (const { story, root, state, completedAt } of index.stories()) {
      if (state !== "completed" || completedAt === undefined || completedAt < record.from) continue;
      if (!index.isTouchedBy(story, record.gap)) continue;
      const title = `${root.kind}/${root.name}`;
      if (record.state === "opened") {
        this.#stale.set(story, title);
        continue;
      }
      this.#stale.delete(story);
      this.#enqueue(story, title);
    }
  }

  #enqueue(story: CorrelationId, title: string): void {
    this.#seen.add(story);
    if (this.#pending.has(story)) return;
    this.#pending.add(story);
    this.#writing = this.#writing.then(() => this.#write(story, title));
  }

  /** Settles when every completed story is written; none can be written after that. */
  async close(): Promise<void> {
    for (const [story, title] of this.#stale) this.#enqueue(story, title);
    await this.#writing;
    await this.#keeping;
  }

  /** No story is asked for any more. */
  end(): void {
    this.#options.index.close();
  }

  /** The story turned out to be part of another: a file that was written of it says less than that one will. */
  async #withdraw(story: CorrelationId): Promise<void> {
    await this.#keeping;
    const written = this.#written.get(story);
    this.#written.delete(story);
    if (written !== undefined) await rm(written.file, { force: true });
  }

  async #write(story: CorrelationId, title: string): Promise<void> {
    this.#pending.delete(story);
    this.#stale.delete(story);
    if (this.#merged.has(story)) return;
    try {
      // A story must never say more than the recording holds after a crash.
      await this.#options.writer.durable();
      const told = await this.#files.write(story);
      if (told === undefined) this.#failures.delete(story);
      else this.#keeping = this.#keeping.then(() => this.#noteKept(told, { story, title }));
    } catch (error) {
      this.#noteFailure(error, { story, title });
    }
  }

  async #noteKept({ kept, file, events, verdict }: ToldStory, of: Told): Promise<void> {
    try {
      await kept;
    } catch (error) {
      this.#noteFailure(error, of);
      return;
    }
    const { story, title } = of;
    this.#failures.delete(story);
    this.#written.set(story, { correlationId: story, title, file, events, verdict });
    this.#options.hub.tell({ status: "story-written", story, title, file, events, verdict });
  }

  #noteFailure(error: unknown, { story, title }: Told): void {
    this.#failures.set(story, errorMessage(error));
    this.#options.hub.tell({ status: "incident", what: "story not written", detail: `${title}: ${errorMessage(error)}` });
  }
}

interface Told {
  readonly story: CorrelationId;
  readonly title: string;
}
