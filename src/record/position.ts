/** Where a line stands in a recording, as one number that sorts in the order of writing. */

const OFFSET_RANGE = 2 ** 36;

/** Segment number (below 2^17) and byte offset (below 64 GiB) in one exact double. */
export type Position = number;

export function positionOf(segment: number, offset: number): Position {
  return segment * OFFSET_RANGE + offset;
}

export function segmentOf(position: Position): number {
  return Math.floor(position / OFFSET_RANGE);
}

export function offsetOf(position: Position): number {
  return position % OFFSET_RANGE;
}
