/** Figures of a trial, one line each on standard output: what was judged, how fast it changed, how long the gaps were. */
import type { Findings } from "./ordeal.ts";

/** Prints them. The tests decide; this is for the people who want to know by how much. */
export function report(what: string, { judged, ending, changesPerSecond, recording, story, disagreement }: Findings): void {
  console.log(`${what}: ${JSON.stringify({ ...judged, changesPerSecond: Math.round(changesPerSecond), exit: ending.code })}`);
  for (const [kind, found] of Object.entries({ ...recording, ...story, disagreement }))
    for (const line of found) console.log(`  ${kind}: ${line}`);
}
