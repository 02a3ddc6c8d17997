/** A recording on disk, read: in order, or line by line at known positions. */
import { FaroError } from "../base/index.ts";
import {
  decodeRecord,
  type FaroRecord,
  offsetOf,
  type Position,
  positionOf,
  type RecordAt,
  type RecordingSource,
  type ScanFrom,
  segmentOf,
} from "../record/index.ts";
import { diskLayer, type FileLayer } from "./file-layer.ts";
import { segmentFile } from "./layout.ts";
import { LineReader } from "./line-reader.ts";
import { lineDamaged, noRecording, recordingUnreadable } from "./messages.ts";
import { isTorn, openSegment, TORN } from "./packed-segment.ts";
import { type ScannedLine, scanSegment, type ScanStart } from "./scan-segment.ts";
import { checkVersions, listSegments } from "./segments.ts";

/** A stretch of a recording that cannot be read. */
export interface Damage {
  readonly file: string;
  readonly segment: number;
  /** Number of the line in its segment, from 1. */
  readonly line: number;
  /** First byte of the stretch. */
  readonly offset: number;
  readonly bytes: number;
  readonly reason: string;
}

export interface ReadOptions {
  /** Hears of every stretch that `scan()` had to skip. */
  readonly onDamage?: ((damage: Damage) => void) | undefined;
  readonly layer?: FileLayer | undefined;
}

/** A recording opened for reading. The torn tail that a crash leaves, or a write under way, is not damage. */
export interface ReadableRecording extends RecordingSource {
  close(): Promise<void>;
}

/**
 * Opens the recording in `directory`.
 * @throws FaroError `FARO_RECORDING_TOO_NEW`, `FARO_RECORDING_DAMAGED` (there is none)
 */
export async function openRecordingSource(directory: string, options: ReadOptions = {}): Promise<ReadableRecording> {
  const layer = options.layer ?? diskLayer;
  try {
    const segments = await listSegments(layer, directory);
    if (segments.length === 0) throw noRecording(directory);
    await checkVersions(layer, directory, segments);
  } catch (error) {
    throw error instanceof FaroError ? error : recordingUnreadable(directory, error);
  }
  return new RecordingReader(layer, directory, options.onDamage);
}

export class RecordingReader implements ReadableRecording {
  readonly #layer: FileLayer;
  readonly #directory: string;
  readonly #onDamage: (damage: Damage) => void;
  readonly #lines: LineReader;

  constructor(layer: FileLayer, directory: string, onDamage: ((damage: Damage) => void) | undefined) {
    this.#layer = layer;
    this.#directory = directory;
    this.#onDamage = onDamage ?? (() => {});
    this.#lines = new LineReader(layer, directory);
  }

  /** Every whole record in the order of writing; damage is told to `onDamage` and skipped. */
  async *scan(from?: ScanFrom): AsyncGenerator<RecordAt> {
    const segments = await listSegments(this.#layer, this.#directory);
    const first = from === undefined ? 0 : segmentOf(from.position);
    for (const segment of segments.filter((each) => each >= first)) {
      const isLast = segment === segments.at(-1);
      const start = from === undefined || segment > first ? undefined : { offset: offsetOf(from.position), lines: from.lines };
      yield* this.scanOne(segment, { isLast, start });
    }
  }

  /** The records of one segment. A tail without a newline is damage unless it can still grow. */
  async *scanOne(
    segment: number,
    { isLast, start, end = Number.POSITIVE_INFINITY }: { isLast: boolean; start?: ScanStart | undefined; end?: number },
  ): AsyncGenerator<RecordAt> {
    const file = await openSegment(this.#layer, this.#directory, segment);
    try {
      const isCut = isTorn(file);
      let lines = start?.lines ?? 0;
      for await (const batch of scanSegment(file, end, start)) {
        lines += batch.length;
        for (const line of batch) {
          if (line.found === "record") yield { record: line.record, position: positionOf(segment, line.start) };
          else if (line.found === "damage" || !isLast) this.#report(segment, line);
        }
      }
      const size = await file.size();
      if (isCut && size <= end) this.#report(segment, { found: "damage", start: size, end: size, line: lines + 1, reason: TORN });
    } finally {
      await file.close();
    }
  }

  /** @throws FaroError `FARO_RECORDING_DAMAGED` with the file and the offset */
  async read(position: Position): Promise<FaroRecord> {
    return this.#decode(await this.#lines.line(position), position);
  }

  /** @throws FaroError `FARO_RECORDING_DAMAGED` with the file and the offset, for the first position */
  async readSome(positions: readonly Position[], memory: Buffer): Promise<readonly FaroRecord[]> {
    const records: FaroRecord[] = [];
    for (const [at, line] of (await this.#lines.lines(positions, memory)).entries()) {
      try {
        records.push(this.#decode(line, positions[at] ?? 0));
      } catch (error) {
        if (at === 0) throw error;
        return records;
      }
    }
    return records;
  }

  #decode(line: Buffer, position: Position): FaroRecord {
    try {
      return decodeRecord(line);
    } catch (cause) {
      throw lineDamaged(segmentFile(this.#directory, segmentOf(position)), offsetOf(position), cause);
    }
  }

  /** The file of a segment is no longer the one to read. */
  letGo(segment: number): Promise<void> {
    return this.#lines.letGo(segment);
  }

  close(): Promise<void> {
    return this.#lines.close();
  }

  #report(segment: number, line: Exclude<ScannedLine, { readonly found: "record" }>): void {
    this.#onDamage({
      file: segmentFile(this.#directory, segment),
      segment,
      line: line.line,
      offset: line.start,
      bytes: line.end - line.start,
      reason: line.found === "damage" ? line.reason : "the segment ends in the middle of a line",
    });
  }
}
