/** Recordings on disk: written, made good after a crash, and read. */
export { type CheckedRecord, checkSegments, type Finding, type Place } from "./check-segments.ts";
export { diskLayer, type FileLayer, type OpenFile, ownDiskLayer } from "./file-layer.ts";
export { lockFile, recordingDirectory, rowsFile } from "./layout.ts";
export type { LockHolder, OutputLock } from "./lock.ts";
export { type IndexedSegment, openRecordingIndex, type RecordingIndex } from "./recording-index.ts";
export { DELETED, INFERRED, type IndexVersions, type VersionColumns } from "./segment-index.ts";
export { openRecording, type RecordingOptions } from "./open-recording.ts";
export { prepareOutput } from "./output.ts";
export { type Damage, openRecordingSource, type ReadableRecording, type ReadOptions } from "./recording-reader.ts";
export type { PackingOptions } from "./segment-packer.ts";
export type { Commit, RecordingWriter } from "./recording-writer.ts";
export { lastSeqOf, type Recovered } from "./recover.ts";
export { readState, type RecordingMark, type SavedState } from "./state-file.ts";
