/** Names and permissions of everything below an output directory. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";

/** The recording is readable by its owner alone: it holds whole objects and logs. */
export const FILE_MODE = 0o600;
export const DIRECTORY_MODE = 0o700;

const SEGMENT_NAME = /^(\d{6})\.ndjson(?:\.gz)?$/;

/** The directory of segments of an output directory. */
export function recordingDirectory(output: string): string {
  return join(output, "recording");
}

/** The file that says which Faro writes to an output directory. */
export function lockFile(output: string): string {
  return join(output, ".faro-lock");
}

/** What a story index that is open cannot hold in memory; the file has a name for a moment only. */
export function rowsFile(output: string): string {
  return join(output, ".faro-rows");
}

/** Of a packed segment, unpacked: its name is there for a moment. */
export function scratchFile(directory: string, segment: number): string {
  return join(directory, `.unpacked-${segment}-${process.pid}-${randomUUID()}`);
}

/** `000001.ndjson` for 1. Six digits hold more than the 2^17 segments that a position can name. */
export function segmentName(segment: number): string {
  return `${String(segment).padStart(6, "0")}.ndjson`;
}

export function segmentFile(directory: string, segment: number): string {
  return join(directory, segmentName(segment));
}

/** The segment packed, named as `gzip` names it. */
export function packedSegmentFile(directory: string, segment: number): string {
  return join(directory, packedSegmentName(segment));
}

/** `000001.ndjson.gz` for 1. */
export function packedSegmentName(segment: number): string {
  return `${segmentName(segment)}.gz`;
}

/** A packed segment that is being written. */
export function unfinishedPackedFile(directory: string, segment: number): string {
  return `${packedSegmentFile(directory, segment)}.part`;
}

/** What a recorder knows at some place of the recording: derived from it, and of no use without it. Two take turns. */
export function stateFile(directory: string, slot: 0 | 1): string {
  return join(directory, `state-${slot}`);
}

/** The index of a segment: derived from it, and of no use without it. */
export function indexFile(directory: string, segment: number): string {
  return join(directory, indexName(segment));
}

/** `000001.index` for 1. */
export function indexName(segment: number): string {
  return `${String(segment).padStart(6, "0")}.index`;
}

/** The number of a segment file, packed or not; `undefined` for any other file. */
export function segmentNumber(name: string): number | undefined {
  const digits = SEGMENT_NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
