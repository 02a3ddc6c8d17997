/**
 * Keeps the heap near what it holds. V8 lets garbage pile up to a multiple of that, because memory is cheap where a program is alone;
 * a recorder runs beside what it watches. What it costs and brings: docs/performance.md.
 */
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Both halves of the young generation. */
const YOUNG_BYTES = 8 << 20;
const ROUNDS_MAX = 200;

/** True for what a person waits for and what ends then: there early collections cost as much again as the work itself. */
export function isBrief(command: string | undefined): boolean {
  return command === "story" || command === "validate";
}

/** To be called before there is anything on the heap. */
export function keepHeapSmall(): void {
  // The old generation is collected when it has grown by a quarter.
  setFlagsFromString("--heap-growing-percent=25");
  // A collection of the young generation is over before other threads have come to its help, and they spin until it is
  // (`watch-pods` in `bench/`: with four times the size, a tenth of what a version costs).
  setFlagsFromString("--no-parallel-scavenge");
  growYoung();
}

/**
 * Makes the young generation four times as large as it begins, and keeps it there: it would become 32 MB. In a quarter of it there
 * is room for the garbage of twenty versions of pods, and a collection costs much the same however little there is to keep.
 * V8 lets nobody set its size in a program that runs; it grows when enough has outlived a collection.
 */
function growYoung(): void {
  setFlagsFromString("--semi-space-growth-factor=4");
  const ballast: number[][] = [];
  for (let round = 0; round < ROUNDS_MAX && youngBytes() < YOUNG_BYTES; round++)
    for (let each = 0; each < 500; each++) ballast.push([each]);
  setFlagsFromString("--semi-space-growth-factor=1");
}

/** Size of the young generation, in use or not. */
export function youngBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === "new_space")?.space_size ?? YOUNG_BYTES;
}
