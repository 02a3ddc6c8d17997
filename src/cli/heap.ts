/**
 * Keeps the heap near what it holds. V8 lets garbage pile up to a multiple of that, because memory is cheap where a program is alone;
 * a recorder runs beside what it watches. What it costs and brings: docs/performance.md.
 */
import { setFlagsFromString } from "node:v8";

/** True for what a person waits for and what ends then: there early collections cost as much again as the work itself. */
export function isBrief(command: string | undefined): boolean {
  return command === "story" || command === "validate";
}

/** When a run is one that goes on, milliseconds: before that, what it takes to compact a heap that grows costs more than it gives back. */
const STEADY_MS = 60_000;

/** To be called before there is anything on the heap. */
export function keepHeapSmall(): void {
  // The old generation is collected when it has grown by a quarter.
  setFlagsFromString("--heap-growing-percent=25");
  // The young one stays at its first size; it would become 32 MB.
  setFlagsFromString("--semi-space-growth-factor=1");
  // So small a one is collected before other threads come to help; they only spin until it is over, and on a busy machine it waits
  // for them: without them half the time of a collection (`watch-pods` in `bench/`).
  setFlagsFromString("--no-parallel-scavenge");
  // Else pages of which a third is in use are never emptied, and become more for an hour (`bench/soak.mjs`).
  setTimeout(() => setFlagsFromString("--optimize-for-size"), STEADY_MS).unref();
}
