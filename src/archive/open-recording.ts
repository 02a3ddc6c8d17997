/** Opens a recording for writing: what an earlier run left is made good first, and a new segment begins. */
import { type Clock, FaroError } from "../base/index.ts";
import { diskLayer, type FileLayer } from "./file-layer.ts";
import { type Commit, RecordingWriter } from "./recording-writer.ts";
import { outputNotWritable } from "./messages.ts";
import type { Damage } from "./recording-reader.ts";
import { recoverDirectory, type RecoveredDirectory } from "./recover.ts";
import { readState, type SavedState } from "./state-file.ts";

export interface RecordingOptions {
  /** The directory of segments, `recordingDirectory(output)`. Its output directory must be locked by the caller. */
  readonly directory: string;
  readonly clock: Clock;
  readonly faroVersion: string;
  /** A segment that would grow beyond is closed and the next one begun. Default 256 MB. */
  readonly segmentBytesMax?: number | undefined;
  /** Longest time that a record waits for its sync. Default 50 ms. */
  readonly commitIntervalMs?: number | undefined;
  /** Bytes in memory above which `room()` waits. Default 64 MB. */
  readonly budgetBytes?: number | undefined;
  readonly onCommit?: ((commit: Commit) => void) | undefined;
  readonly onStall?: ((why: string) => void) | undefined;
  readonly onResume?: (() => void) | undefined;
  /** A segment was removed or replaced under the writer, and is written again. */
  readonly onRestored?: ((why: string) => void) | undefined;
  /** Hears of every stretch that `scan()` had to skip. */
  readonly onDamage?: ((damage: Damage) => void) | undefined;
  readonly layer?: FileLayer | undefined;
}

const MEGABYTE = 1024 * 1024;

/**
 * Creates the recording, or goes on with the one that is there.
 * @throws FaroError `FARO_RECORDING_TOO_NEW`, `FARO_OUTPUT_NOT_WRITABLE`, before anything is changed
 */
export async function openRecording(options: RecordingOptions): Promise<RecordingWriter> {
  const layer = options.layer ?? diskLayer;
  const { directory, faroVersion } = options;
  const found = await readState({ layer, directory, faroVersion });
  const recovered = await recover(layer, directory, found?.saved);
  const settings = {
    directory: options.directory,
    clock: options.clock,
    faroVersion: options.faroVersion,
    layer,
    segmentBytesMax: options.segmentBytesMax ?? 256 * MEGABYTE,
    commitIntervalMs: options.commitIntervalMs ?? 50,
    budgetBytes: options.budgetBytes ?? 64 * MEGABYTE,
    onCommit: options.onCommit ?? (() => {}),
    onStall: options.onStall ?? (() => {}),
    onResume: options.onResume ?? (() => {}),
    onRestored: options.onRestored ?? (() => {}),
    onDamage: options.onDamage ?? (() => {}),
  };
  return new RecordingWriter(settings, recovered, found);
}

async function recover(layer: FileLayer, directory: string, from: SavedState | undefined): Promise<RecoveredDirectory> {
  try {
    await layer.createDirectory(directory);
    return await recoverDirectory(layer, directory, from);
  } catch (error) {
    throw error instanceof FaroError ? error : outputNotWritable(directory, error);
  }
}
