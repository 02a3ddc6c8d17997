/** Stories from a recording alone: after a crash, or because they are wanted again. */
import { openRecordingSource, ownDiskLayer, recordingDirectory, rowsFile } from "../archive/index.ts";
import { Correlator } from "../correlate/index.ts";
import { isoTime } from "../base/index.ts";
import { type RootSelection } from "../record/index.ts";
import { noteUnreadable, recoverStories } from "./recovery.ts";
import { StoryFiles, StoryIndex } from "../story/index.ts";
import type { WrittenStory } from "./options.ts";

export interface RebuildOptions {
  /** The output directory; its `recording/` is read. */
  readonly output: string;
  /** Where the story files go; the output directory unless given. */
  readonly into?: string;
}

/**
 * Each story goes over the rows from the last to the first, so that of pages that are not all held none is held when its turn comes. These
 * are a million rows, some 16 MB.
 */
const PAGES_HELD = 256;

/** The recording's own `run` records say what was chosen. */
const NO_SELECTION: RootSelection = { resources: [], names: [], namespaces: [], selector: "" };

/**
 * Writes every story of a recording again, from its records and nothing else.
 * @throws FaroError `FARO_RECORDING_DAMAGED`, `FARO_RECORDING_TOO_NEW`.
 */
export async function rebuildStories(options: RebuildOptions): Promise<readonly WrittenStory[]> {
  const into = options.into ?? options.output;
  const index = new StoryIndex({ scratch: rowsFile(into), pagesHeld: PAGES_HELD });
  const source = await openRecordingSource(recordingDirectory(options.output), {
    layer: ownDiskLayer,
    onDamage: (found) => noteUnreadable(index, found),
  });
  try {
    const correlator = new Correlator({ selection: NO_SELECTION, correlationTimeoutMs: 0 });
    const { missing, stoppedAt = 0 } = await recoverStories(source, { correlator, index });
    for (const draft of missing) index.accept({ ...draft, seq: 0, at: isoTime(stoppedAt) }, 0);
    const titles = new Map(index.stories().map(({ story, root }) => [story, `${root.kind}/${root.name}`]));
    const files = new StoryFiles({ directory: into, index, source, isAlone: true });
    const written: WrittenStory[] = [];
    const keeping: Promise<void>[] = [];
    for (const [story, title] of titles) {
      const told = await files.write(story);
      if (told === undefined) continue;
      keeping.push(told.kept);
      written.push({ correlationId: story, title, file: told.file, events: told.events, verdict: told.verdict });
    }
    await Promise.all(keeping);
    return written;
  } finally {
    index.close();
    await source.close();
  }
}
