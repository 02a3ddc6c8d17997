/**
 * Whether what a run kept for the next start comes, with what was recorded behind it, to what the whole recording comes to: where its
 * watches and logs go on, what belongs to what, and every byte of every story. For tests: it reads all that a kept state saves reading.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type FileLayer, openRecordingSource, readState, recordingDirectory, type SavedState } from "../archive/index.ts";
import { Correlator } from "../correlate/index.ts";
import type { RecordingSource } from "../record/index.ts";
import { StoryIndex, writeStoryFile } from "../story/index.ts";
import { DamageWatch, noteUnreadable, recover, type Recovery, type RecoveryStart, startFrom } from "./recovery.ts";

export interface CheckStateOptions {
  readonly output: string;
  readonly files: FileLayer;
  readonly faroVersion: string;
}

/** What differs, by name; `undefined` when no state is kept, or none that would be used. */
export async function checkState({ output, files, faroVersion }: CheckStateOptions): Promise<readonly string[] | undefined> {
  const directory = recordingDirectory(output);
  const found = await readState({ layer: files, directory, faroVersion });
  if (found === undefined) return undefined;
  const full = await readFrom(directory, files, undefined);
  const other = await readFrom(directory, files, found.saved);
  const differences = other.start.from === undefined ? ["the state cannot be read"] : await compare(full, other);
  for (const { source, start } of [full, other]) {
    start.index.close();
    await source.close();
  }
  return differences;
}

interface Read {
  readonly source: RecordingSource & { close(): Promise<void> };
  readonly start: RecoveryStart;
  readonly recovery: Recovery;
}

async function readFrom(directory: string, layer: FileLayer, saved: SavedState | undefined): Promise<Read> {
  const damage = new DamageWatch();
  const start = startFrom(saved, () => ({
    correlator: new Correlator({
      selection: { resources: [], names: [], namespaces: [], selector: "" },
      correlationTimeoutMs: 0,
    }),
    index: new StoryIndex(),
  }));
  const source = await openRecordingSource(directory, {
    layer,
    onDamage: (found) => {
      damage.note();
      noteUnreadable(start.index, found);
    },
  });
  return { source, start, recovery: await recover(source, start, damage) };
}

async function compare(full: Read, other: Read): Promise<readonly string[]> {
  const [expected, found] = [await describe(full), await describe(other)];
  return Object.keys(expected).filter((name) => !isDeepStrictEqual(expected[name], found[name]));
}

/** What a run would begin with. Of what is gone, the run that kept the state may have forgotten more. */
async function describe({ source, start, recovery }: Read): Promise<Readonly<Record<string, unknown>>> {
  const { carried, correlator, index, pods } = start;
  const living = [...carried.lastVersions.keys()];
  const logs = [...(await carried.logs.logs(source))];
  const streams = new Map([...logs].map(([id, { stream, ended }]) => [id, { stream, ended }]));
  const podLogs = [...pods].flatMap(([uid, { sights }]) =>
    sights.flatMap(({ current, last }) =>
      [current, last].map((instance) => [uid, instance === undefined ? undefined : streams.get(instance.containerId)]),
    ),
  );
  return {
    scopes: carried.scopes.result(),
    "last versions": carried.lastVersions,
    "wanted pods": [...carried.wantedPods].filter((uid) => pods.has(uid)),
    wants: carried.wants,
    run: [carried.clusterId, carried.epoch, carried.gaps, carried.stoppedAt],
    "unread pods": carried.unreadPods(),
    pods,
    logs: podLogs,
    redactions: [...carried.logs.redactions()].filter(([stream]) => logs.some(([, log]) => log.stream === stream && !log.ended)),
    tails: [...carried.logs.state()].filter(([, { ended }]) => !ended),
    missing: recovery.missing,
    "open stories": correlator.openStories(),
    "stories of objects": living.map((uid) => correlator.storiesOf(uid)),
    stories: await tell(source, index),
  };
}

async function tell(source: RecordingSource, index: StoryIndex): Promise<ReadonlyMap<string, string>> {
  const directory = mkdtempSync(join(tmpdir(), "faro-state-"));
  try {
    const told = new Map<string, string>();
    for (const { story } of index.stories()) {
      const file = await writeStoryFile({ directory, index, source, story });
      if (file !== undefined) told.set(story, readFileSync(file.file, "utf8"));
    }
    return told;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
