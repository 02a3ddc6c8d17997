/**
 * What a crash left is made good before anything is appended: the last segment is cut behind its last whole
 * line. Nothing else is ever changed; damage further up stays where it is, and readers name it.
 */
import { type FaroRecord, offsetOf, type Position, segmentOf } from "../record/index.ts";
import type { FileLayer } from "./file-layer.ts";
import { segmentFile } from "./layout.ts";
import { isPacked, openSegment } from "./packed-segment.ts";
import { scanSegment } from "./scan-segment.ts";
import { checkVersions, listSegments } from "./segments.ts";
import type { RecordingMark } from "./state-file.ts";

/** What was found in the directory of a recording that goes on. */
export interface Recovered {
  /** Highest `seq` in the recording, 0 when it is new. */
  readonly lastSeq: number;
  /** Bytes of the torn tail that were cut off. */
  readonly truncatedBytes: number;
  /** Segments there are. */
  readonly segments: number;
}

export interface RecoveredDirectory extends Recovered {
  readonly nextSegment: number;
  /** Length of all segments together. */
  readonly bytes: number;
}

/** The last `seq` that a record owns: a log block owns one per line. */
export function lastSeqOf(record: FaroRecord): number {
  return record.type === "log" ? record.seq + record.count - 1 : record.seq;
}

/**
 * `from`: what is known of the recording up to some place, which need not be read again.
 * @throws FaroError `FARO_RECORDING_TOO_NEW`, before anything is changed
 */
export async function recoverDirectory(
  layer: FileLayer,
  directory: string,
  from?: Pick<RecordingMark, "position" | "lastSeq">,
): Promise<RecoveredDirectory> {
  const segments = await listSegments(layer, directory);
  await checkVersions(layer, directory, segments);
  const last = segments.at(-1);
  if (last === undefined) return { lastSeq: 0, truncatedBytes: 0, segments: 0, nextSegment: 1, bytes: 0 };

  const tail = (await isPacked(layer, directory, last))
    ? await readTail(layer, directory, last, startIn(last, from?.position))
    : await recoverTail(layer, segmentFile(directory, last), startIn(last, from?.position));
  const isEmpty = tail.length === 0;
  const kept = isEmpty ? segments.slice(0, -1) : segments;
  return {
    lastSeq: Math.max(from?.lastSeq ?? 0, tail.lastSeq, await lastSeqBefore(layer, directory, segments, from?.position)),
    truncatedBytes: tail.truncatedBytes,
    segments: kept.length,
    nextSegment: isEmpty ? last : last + 1,
    bytes: await totalBytes(layer, directory, kept),
  };
}

/** Where what is not known yet begins in a segment; infinite when all of it is known. */
function startIn(segment: number, from: Position | undefined): number {
  if (from === undefined || segment > segmentOf(from)) return 0;
  return segment === segmentOf(from) ? offsetOf(from) : Number.POSITIVE_INFINITY;
}

interface Tail {
  readonly length: number;
  readonly lastSeq: number;
  readonly truncatedBytes: number;
}

/** Of a packed segment nothing is cut off. */
async function readTail(layer: FileLayer, directory: string, segment: number, start: number): Promise<Tail> {
  const file = await openSegment(layer, directory, segment);
  try {
    const { end, lastSeq } = await lastWholeLine(file, Math.min(start, await file.size()));
    return { length: end, lastSeq, truncatedBytes: 0 };
  } finally {
    await file.close();
  }
}

async function recoverTail(layer: FileLayer, path: string, start: number): Promise<Tail> {
  const file = await layer.openForWriting(path);
  try {
    const size = await file.size();
    const { end, lastSeq } = await lastWholeLine(file, Math.min(start, size));
    const truncatedBytes = size - end;
    if (truncatedBytes > 0) {
      await file.truncate(end);
      await file.datasync();
    }
    // A segment without a single line would read as damaged for ever.
    if (end === 0) await layer.remove(path);
    return { length: end, lastSeq, truncatedBytes };
  } finally {
    await file.close();
  }
}

async function lastWholeLine(
  file: Parameters<typeof scanSegment>[0],
  start: number,
): Promise<{ readonly end: number; readonly lastSeq: number }> {
  let end = start;
  let lastSeq = 0;
  for await (const batch of scanSegment(file, Number.POSITIVE_INFINITY, { offset: start, lines: 0 })) {
    for (const line of batch) {
      if (line.found !== "record") continue;
      end = line.end;
      lastSeq = Math.max(lastSeq, lastSeqOf(line.record));
    }
  }
  return { end, lastSeq };
}

/**
 * Lanes write side by side, so the highest `seq` may stand a little before the end: one segment further back is
 * read as well, and more while only headers are found.
 */
async function lastSeqBefore(
  layer: FileLayer,
  directory: string,
  segments: readonly number[],
  from: Position | undefined,
): Promise<number> {
  for (const segment of segments.slice(0, -1).reverse()) {
    const start = startIn(segment, from);
    if (!Number.isFinite(start)) return 0;
    const file = await openSegment(layer, directory, segment);
    try {
      const { lastSeq } = await lastWholeLine(file, start);
      if (lastSeq > 0) return lastSeq;
    } finally {
      await file.close();
    }
  }
  return 0;
}

async function totalBytes(layer: FileLayer, directory: string, segments: readonly number[]): Promise<number> {
  let bytes = 0;
  for (const segment of segments) {
    const file = await openSegment(layer, directory, segment);
    bytes += await file.size();
    await file.close();
  }
  return bytes;
}
