/** A recording, or a story, as the cluster that it shows. */
import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { indexedCluster, readRecordedCluster, type RecordedCluster } from "../apiserver/index.ts";
import { type Damage, openRecordingIndex, openRecordingSource, recordingDirectory } from "../archive/index.ts";
import { FaroError } from "../base/index.ts";
import { readStory, storyRecords, titleOf } from "../views/index.ts";

/** A smaller recording is held in memory: then it can be gone through forwards and backwards with every step. */
const HELD_BYTES_MAX = 16 * 1024 * 1024;

/**
 * A large recording is read by its indexes, which stay open until the process ends. A story is held in memory.
 * @param path a directory that `--output` was, or a story file
 * @throws FaroError `FARO_RECORDING_DAMAGED`, `FARO_RECORDING_TOO_NEW`
 */
export async function readRecording(path: string, heldBytesMax: number = HELD_BYTES_MAX): Promise<RecordedCluster> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return readStoryCluster(path);
  const directory = recordingDirectory(path);
  if (!existsSync(directory)) {
    throw new FaroError("FARO_USAGE", `${path} holds no recording`, {
      hint: "name the directory that --output was, or a story file; without one ./output is read",
    });
  }
  const index = await openRecordingIndex(directory, heldBytesMax);
  if (index !== undefined) return indexedCluster(index);
  const missing: string[] = [];
  const onDamage = ({ file, line, reason }: Damage): void =>
    void missing.push(`line ${line} of ${basename(file)} cannot be read: ${reason}`);
  const source = await openRecordingSource(directory, { onDamage });
  try {
    return { ...(await readRecordedCluster(source.scan())), missing };
  } finally {
    await source.close();
  }
}

async function readStoryCluster(file: string): Promise<RecordedCluster> {
  const story = await readStory(file);
  const { resource_type: type, resource_name: name } = story.metadata;
  const cluster = await readRecordedCluster(storyRecords(story), `the story of ${titleOf({ resource_type: type, name })}`);
  return { ...cluster, missing: story.coverage.reasons };
}
