/**
 * Keeps the heap near what it holds. V8 lets garbage pile up to a multiple of that, because memory is cheap where a program is alone;
 * a recorder runs beside what it watches. What it costs and brings: docs/performance.md.
 */
import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** True for what a person waits for and what ends then: there early collections cost as much again as the work itself. */
export function isBrief(command: string | undefined): boolean {
  return command === "story" || command === "validate";
}

/** When a run is one that goes on, milliseconds: before that, what it takes to compact a heap that grows costs more than it gives back. */
const STEADY_MS = 60_000;

/** To be called before there is anything on the heap. */
export function keepHeapSmall(): void {
  // The old generation is collected when it has grown by a half: by a quarter took 3 to 6 % more CPU (`watch-pods` in `bench/`).
  setFlagsFromString("--heap-growing-percent=50");
  boundYoungGeneration();
  // So small a one is collected before other threads come to help; they only spin until it is over, and on a busy machine it waits
  // for them: without them half the time of a collection (`watch-pods` in `bench/`).
  setFlagsFromString("--no-parallel-scavenge");
  // Else pages of which a third is in use are never emptied, and become more for an hour (`bench/soak.mjs`).
  setTimeout(() => setFlagsFromString("--optimize-for-size"), STEADY_MS).unref();
}

/**
 * Bytes of one of the two halves of the young generation, from which on it does not grow. At its first size, 1 MB, what one turn of the
 * event loop works on outlives two collections and is garbage of the old generation then: recording logs took half as much CPU again,
 * telling them twice as much (`bench/logs.mjs`). By itself it would become 16 MB.
 */
const YOUNG_BYTES = 4 << 20;

/**
 * V8 multiplies by the growth factor when more than a half has survived since it did so last. The first time is brought about here; then
 * and after each collection, which may make it small again, the factor is the one that leads to the size that is wanted.
 */
function boundYoungGeneration(): void {
  setGrowth();
  const survivors: unknown[] = [];
  while (youngBytes() < YOUNG_BYTES / 2 && survivors.length < SURVIVORS_MAX)
    survivors.push(Array.from({ length: 1_000 }, (_, at) => at));
  setGrowth();
  new PerformanceObserver(setGrowth).observe({ entryTypes: ["gc"] });
}

/** Of 8 KB each. */
const SURVIVORS_MAX = 1_000;
let growth = 0;

function setGrowth(): void {
  const wanted = Math.max(1, Math.round(YOUNG_BYTES / youngBytes()));
  if (wanted !== growth) setFlagsFromString(`--semi-space-growth-factor=${wanted}`);
  growth = wanted;
}

/** Of one half, the heads of its pages left out. */
function youngBytes(): number {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
  return young === undefined ? YOUNG_BYTES : young.space_used_size + young.space_available_size;
}
