/** A recording as the cluster that it shows. */
import { indexedCluster, readRecordedCluster, type RecordedCluster } from "../apiserver/index.ts";
import { openRecordingIndex, openRecordingSource, recordingDirectory } from "../archive/index.ts";

/** A smaller recording is held in memory: then it can be gone through forwards and backwards with every step. */
const HELD_BYTES_MAX = 16 * 1024 * 1024;

/**
 * A large recording is read by its indexes, which stay open until the process ends.
 * @throws FaroError `FARO_RECORDING_DAMAGED`, `FARO_RECORDING_TOO_NEW`
 */
export async function readRecording(output: string, heldBytesMax: number = HELD_BYTES_MAX): Promise<RecordedCluster> {
  const directory = recordingDirectory(output);
  const index = await openRecordingIndex(directory, heldBytesMax);
  if (index !== undefined) return indexedCluster(index);
  const source = await openRecordingSource(directory, { onDamage: () => undefined });
  try {
    return await readRecordedCluster(source);
  } finally {
    await source.close();
  }
}
