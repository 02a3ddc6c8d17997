/** Checks a recording from its first byte to its last: what is damaged, where, and what is still sound. Reads only. */
import { checkSegments, type Finding, recordingDirectory } from "../archive/index.ts";
import { isoTime } from "../base/index.ts";
import type { FaroRecord } from "../record/index.ts";
import { CoverageJudge } from "./check-coverage.ts";
import { RecordChecks } from "./check-records.ts";

/** What a check found. */
export interface VerifyReport {
  /** `sound`: every byte is as Faro wrote it, and every period is told. */
  readonly verdict: "sound" | "damaged";
  readonly segments: number;
  readonly records: number;
  readonly objects: number;
  readonly logLines: number;
  readonly runs: number;
  /** Gaps that were opened, and those of them that no list has closed yet. */
  readonly gaps: { readonly opened: number; readonly open: number };
  readonly findings: readonly Finding[];
}

/** Findings of one kind beyond so many are counted, not listed. */
const FINDINGS_MAX = 1_000;

/**
 * Checks the recording below the output directory `output`.
 * @throws FaroError `FARO_RECORDING_DAMAGED` when there is none, `FARO_RECORDING_TOO_NEW`
 */
export async function verifyRecording(output: string): Promise<VerifyReport> {
  const findings: Finding[] = [];
  let more = 0;
  const tell = (finding: Finding): void => {
    if (findings.length < FINDINGS_MAX) findings.push(finding);
    else more++;
  };
  const counts = { segments: 0, records: 0, objects: 0, logLines: 0, runs: 0, gaps: 0 };
  const checks = new RecordChecks(tell);
  const judge = new CoverageJudge();
  for await (const { record, place } of checkSegments(recordingDirectory(output), tell)) {
    count(counts, record);
    checks.accept(record, place);
    judge.accept(record);
  }
  checks.end();
  for (const { scope, from, to } of judge.silences())
    tell({
      severity: "damage",
      what: `nothing tells of ${scope} from ${isoTime(from)} to ${isoTime(to)}: neither covered nor a gap`,
    });
  if (more > 0) findings.push({ severity: "note", what: `${more} more findings` });
  return {
    verdict: findings.some(({ severity }) => severity === "damage") ? "damaged" : "sound",
    segments: counts.segments,
    records: counts.records,
    objects: counts.objects,
    logLines: counts.logLines,
    runs: counts.runs,
    gaps: { opened: counts.gaps, open: checks.openGaps },
    findings,
  };
}

type Counts = Record<"segments" | "records" | "objects" | "logLines" | "runs" | "gaps", number>;

function count(counts: Counts, record: FaroRecord): void {
  if (record.type === "faro-recording") counts.segments++;
  else if (record.type !== "seal") counts.records++;
  if (record.type === "object") counts.objects++;
  else if (record.type === "log") counts.logLines += record.count;
  else if (record.type === "run" && record.state === "started" && record.goesOn === undefined) counts.runs++;
  else if (record.type === "gap" && record.state === "opened") counts.gaps++;
}
