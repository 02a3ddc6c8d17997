/** The recording that stories are derived from, as a program reads it. */
import { openRecordingSource, type ReadableRecording, type ReadOptions, recordingDirectory } from "../archive/index.ts";

/**
 * Opens the recording below an output directory, for reading: Faro may go on writing to it.
 * @throws FaroError `FARO_RECORDING_TOO_NEW`, `FARO_RECORDING_DAMAGED` (there is none)
 */
export function openRecording(output: string, options: ReadOptions = {}): Promise<ReadableRecording> {
  return openRecordingSource(recordingDirectory(output), options);
}
