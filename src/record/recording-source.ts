/** What a reader of recordings offers; `archive/` implements it, `story/` needs nothing else of a disk. */
import type { LineMemory } from "./line-memory.ts";
import type { Position } from "./position.ts";
import type { FaroRecord } from "./record.ts";

export interface RecordAt {
  readonly record: FaroRecord;
  readonly position: Position;
}

export interface RecordingSource {
  /** Every record in the order of writing. */
  scan(): AsyncIterable<RecordAt>;
  /**
   * The record at `position`. Fast when positions come roughly in order. With `memory`, the `raw` of an object may
   * stand in it: it is valid until the next read that is given the same memory. Without, it is the caller's own.
   */
  read(position: Position, memory?: LineMemory): Promise<FaroRecord>;
}
