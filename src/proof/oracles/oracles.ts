/** The oracles by their number: each a pure function of the evidence. */
import type { Evidence, Violation } from "../evidence.ts";
import { bounded } from "./bounded.ts";
import { nothingLost, stateKnown } from "./complete.ts";
import { gapsHonest } from "./ledger.ts";
import { stateTrue } from "./kept-state.ts";
import { logsWhole } from "./logs.ts";
import { bytesKept, inOrder, nothingInvented, nothingTwice } from "./recorded.ts";

export interface Oracle {
  readonly id: string;
  readonly title: string;
  readonly judge: (evidence: Evidence) => readonly Violation[];
}

/** All of one run. O10, the same output for the same seed, compares two: `sameOutput`. */
export const ORACLES: readonly Oracle[] = [
  { id: "O1", title: "nothing is invented", judge: nothingInvented },
  { id: "O2", title: "nothing is recorded twice", judge: nothingTwice },
  { id: "O3", title: "what is missing lies in a gap, and what could be had again was", judge: nothingLost },
  { id: "O4", title: "gaps have causes and bounds, and overlap nothing", judge: gapsHonest },
  { id: "O5", title: "versions of an object are in order", judge: inOrder },
  { id: "O6", title: "in the end the recording knows the cluster's state", judge: stateKnown },
  { id: "O7", title: "bytes are the server's own", judge: bytesKept },
  { id: "O8", title: "lines of a log are complete, in order, once", judge: logsWhole },
  { id: "O9", title: "nothing leaks, storms, stays unfinished or asks for too little", judge: bounded },
  { id: "O11", title: "a start that goes on from a kept state begins as one that reads all of the recording", judge: stateTrue },
];

/** What every oracle has to say. */
export function judge(evidence: Evidence): readonly Violation[] {
  return ORACLES.flatMap((oracle) => oracle.judge(evidence));
}

/** O10: two runs of one schedule wrote the same records. */
export function sameOutput(one: Evidence, other: Evidence): readonly Violation[] {
  const [a, b] = [one.records.map(recordText), other.records.map(recordText)];
  const at = a.findIndex((text, index) => text !== b[index]);
  if (at === -1 && a.length === b.length) return [];
  const place = at === -1 ? Math.min(a.length, b.length) : at;
  return [{ oracle: "O10", what: `record ${place} differs: ${a[place] ?? "none"} and ${b[place] ?? "none"}` }];
}

function recordText(record: Evidence["records"][number]): string {
  return record.type === "object" ? JSON.stringify({ ...record, raw: record.raw.toString("latin1") }) : JSON.stringify(record);
}
