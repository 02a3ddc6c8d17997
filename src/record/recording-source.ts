/** What a reader of recordings offers; `archive/` implements it, `story/` needs nothing else of a disk. */
import type { Position } from "./position.ts";
import type { FaroRecord } from "./record.ts";

export interface RecordAt {
  readonly record: FaroRecord;
  readonly position: Position;
}

/** Where a line begins, and how many of its segment stand in front of it. */
export interface ScanFrom {
  readonly position: Position;
  readonly lines: number;
}

export interface RecordingSource {
  /** Every record in the order of writing, or those from a place on. */
  scan(from?: ScanFrom): AsyncIterable<RecordAt>;
  /** The record at `position`. */
  read(position: Position): Promise<FaroRecord>;
  /**
   * The records at these positions, from the first one on: at least one, and as many more as are well read together; fast when the
   * positions come roughly in order. The `raw` of an object may stand in `memory`: it is valid until that is used again.
   * @throws when there is no record at the first position
   */
  readSome(positions: readonly Position[], memory: Buffer): Promise<readonly FaroRecord[]>;
}
