/** The segments of a recording directory, and whether this Faro may read them. */
import { RECORDING_VERSION } from "../record/index.ts";
import type { FileLayer } from "./file-layer.ts";
import { segmentFile, segmentNumber } from "./layout.ts";
import { recordingTooNew } from "./messages.ts";
import { openSegment } from "./packed-segment.ts";

/** A header has some 150 bytes. */
const HEADER_BYTES_MAX = 4096;
const NEWLINE = 0x0a;

/** Numbers of the segments there are, rising. */
export async function listSegments(layer: FileLayer, directory: string): Promise<readonly number[]> {
  const numbers = (await layer.list(directory)).map(segmentNumber).filter((number) => number !== undefined);
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** @throws FaroError `FARO_RECORDING_TOO_NEW` when a segment's header names a later format. */
export async function checkVersions(layer: FileLayer, directory: string, segments: readonly number[]): Promise<void> {
  for (const segment of segments) {
    const version = await versionOf(layer, directory, segment);
    if (version !== undefined && version > RECORDING_VERSION)
      throw recordingTooNew(segmentFile(directory, segment), version, RECORDING_VERSION);
  }
}

/**
 * The version that a header states; `undefined` when the first line is no header, which the scan reports as
 * damage. The checksum is not asked for: a later format may have another one.
 */
async function versionOf(layer: FileLayer, directory: string, segment: number): Promise<number | undefined> {
  const file = await openSegment(layer, directory, segment);
  try {
    const start = Buffer.alloc(HEADER_BYTES_MAX);
    const count = await file.read(start, 0);
    const newline = start.indexOf(NEWLINE);
    return newline === -1 || newline >= count ? undefined : statedVersion(start.toString("utf8", 0, newline));
  } finally {
    await file.close();
  }
}

function statedVersion(line: string): number | undefined {
  try {
    const header: unknown = JSON.parse(line);
    if (typeof header !== "object" || header === null || !("type" in header) || !("version" in header)) return undefined;
    return header.type === "faro-recording" && typeof header.version === "number" ? header.version : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
