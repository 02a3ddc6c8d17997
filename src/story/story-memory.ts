/** Memory that one story after another is written with: of its own for each, it would be a megabyte of garbage for a story of kilobytes. */
import { RECORD_BYTES } from "./merge.ts";

export class StoryMemory {
  /** Takes records as they are read. */
  readonly records: Buffer = Buffer.allocUnsafeSlow(RECORD_BYTES);
  /** For the text of a story. */
  readonly buffers: Buffer[] = [];
}
