/**
 * Looks at every byte of a recording and says what is not as it was written: lines whose checksum fails, segments that
 * are missing, end in mid line, or differ from their seal. What the records mean is not judged here.
 */
import { createHash } from "node:crypto";
import type { FaroRecord, SealRecord } from "../record/index.ts";
import { diskLayer, type FileLayer, type OpenFile, readFully } from "./file-layer.ts";
import { indexFile, indexName, packedSegmentName, segmentName } from "./layout.ts";
import { noRecording } from "./messages.ts";
import { isTorn, openSegment, packedFaults, TORN } from "./packed-segment.ts";
import { type ScannedLine, scanSegment } from "./scan-segment.ts";
import { SegmentIndexer } from "./segment-index.ts";
import { checksumsOf } from "./segment-seal.ts";
import { checkVersions, listSegments } from "./segments.ts";

/** Where something stands; each part as far as it is known. */
export interface Place {
  /** Name of the segment's file. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  readonly offset?: number;
  readonly bytes?: number;
  readonly seq?: number;
}

/** Something that is not as it should be. */
export interface Finding extends Place {
  /** `damage`: the recording is not what Faro wrote. `note`: it is, and this is worth knowing. */
  readonly severity: "damage" | "note";
  readonly what: string;
}

export interface CheckedRecord {
  readonly record: FaroRecord;
  readonly place: Place;
}

const READ_BYTES = 1024 * 1024;

/**
 * Yields every record that can be read, in the order of writing, and tells findings to `onFinding` as it comes to them.
 * @throws FaroError `FARO_RECORDING_DAMAGED` (there is none), `FARO_RECORDING_TOO_NEW`
 */
export async function* checkSegments(
  directory: string,
  onFinding: (finding: Finding) => void,
  layer: FileLayer = diskLayer,
): AsyncGenerator<CheckedRecord> {
  const segments = await listSegments(layer, directory);
  if (segments.length === 0) throw noRecording(directory);
  await checkVersions(layer, directory, segments);
  let expected = 1;
  for (const segment of segments) {
    if (segment !== expected) onFinding(missingSegments(expected, segment - 1));
    expected = segment + 1;
    const file = await openSegment(layer, directory, segment);
    try {
      const index = await readIndex(layer, indexFile(directory, segment));
      yield* checkSegment(file, { segment, isLast: segment === segments.at(-1), index }, onFinding);
      checkPacked(file, packedSegmentName(segment), onFinding);
    } finally {
      await file.close();
    }
  }
}

interface SegmentPlace {
  readonly segment: number;
  readonly isLast: boolean;
  /** What stands in its index, if it has one. */
  readonly index: Buffer | undefined;
}

async function readIndex(layer: FileLayer, path: string): Promise<Buffer | undefined> {
  if ((await layer.identityOf(path)) === undefined) return undefined;
  const file = await layer.openForReading(path);
  try {
    const bytes = Buffer.alloc(await file.size());
    await readFully(file, bytes, 0);
    return bytes;
  } finally {
    await file.close();
  }
}

async function* checkSegment(
  file: OpenFile,
  { segment, isLast, index }: SegmentPlace,
  onFinding: (finding: Finding) => void,
): AsyncGenerator<CheckedRecord> {
  const name = segmentName(segment);
  const indexer = index === undefined ? undefined : new SegmentIndexer(segment);
  let records = 0;
  let seal: { readonly record: SealRecord; readonly start: number; readonly end: number } | undefined;
  for await (const batch of scanSegment(file, Number.POSITIVE_INFINITY)) {
    for (const line of batch) {
      if (line.found !== "record") {
        onFinding(unreadable(name, line, isLast));
        continue;
      }
      const { record, start, end } = line;
      const isHeader = record.type === "faro-recording" && record.segment === segment;
      if (records++ === 0 && !isHeader)
        onFinding({ severity: "damage", what: "the segment does not begin with its header", file: name, line: 1, offset: 0 });
      indexer?.take(record, start);
      if (record.type === "seal") seal = { record, start, end };
      yield { record, place: { file: name, offset: start, seq: record.seq } };
    }
  }
  if (index !== undefined && indexer !== undefined && !Buffer.concat([...indexer.finish(await file.size())]).equals(index))
    onFinding({
      severity: "damage",
      what: "the segment's index tells something else than the segment: remove it",
      file: indexName(segment),
    });
  if (seal === undefined) {
    if (!isLast) onFinding({ severity: "note", what: "the segment has no seal: the run that wrote it was killed", file: name });
    return;
  }
  const why = await sealFault(file, seal, records);
  if (why !== undefined) onFinding({ severity: "damage", what: `the segment differs from its seal: ${why}`, file: name });
}

/** What of a packed segment did not come out as it was packed; known after it was read. */
function checkPacked(file: OpenFile, name: string, onFinding: (finding: Finding) => void): void {
  for (const { what, offset, bytes } of packedFaults(file))
    onFinding({ severity: "damage", what: `cannot be unpacked: ${what}`, file: name, offset, bytes });
  if (isTorn(file)) onFinding({ severity: "damage", what: TORN, file: name });
}

/** What a seal and its segment disagree in; `undefined`: nothing. */
async function sealFault(
  file: OpenFile,
  { record, start, end }: { readonly record: SealRecord; readonly start: number; readonly end: number },
  records: number,
): Promise<string | undefined> {
  if (end !== (await file.size())) return "something stands behind it";
  if (record.bytes !== start) return `it vouches for ${record.bytes} bytes, ${start} stand in front of it`;
  if (record.lines !== records - 1) return `it vouches for ${record.lines} lines, ${records - 1} can be read`;
  if (record.checksums === undefined && record.sha256 === undefined) return "it has no digest";
  if (record.checksums !== undefined && record.checksums !== (await checksumsOf(file, start)))
    return "the digest of the checksums in front of it is another";
  if (record.sha256 !== undefined && record.sha256 !== (await digestOf(file, start)))
    return "the digest of the bytes in front of it is another";
  return undefined;
}

/** Of the first bytes of a segment, as seals had it before there were `checksums`. */
async function digestOf(file: OpenFile, end: number): Promise<string> {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafeSlow(READ_BYTES);
  for (let at = 0; at < end;) {
    const count = await file.read(chunk.subarray(0, Math.min(READ_BYTES, end - at)), at);
    if (count === 0) break;
    hash.update(chunk.subarray(0, count));
    at += count;
  }
  return hash.digest("hex");
}

function missingSegments(from: number, to: number): Finding {
  const what =
    from === to ? `segment ${segmentName(from)} is missing` : `segments ${segmentName(from)} to ${segmentName(to)} are missing`;
  return { severity: "damage", what };
}

function unreadable(file: string, line: Exclude<ScannedLine, { readonly found: "record" }>, isLast: boolean): Finding {
  const place = { file, line: line.line, offset: line.start, bytes: line.end - line.start };
  if (line.found === "damage") return { severity: "damage", what: `cannot be read: ${line.reason}`, ...place };
  return isLast
    ? { severity: "note", what: "the last line is torn: a write under way, or a crash; the next run cuts it off", ...place }
    : { severity: "damage", what: "the segment ends in the middle of a line", ...place };
}
