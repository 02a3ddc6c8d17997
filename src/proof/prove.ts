/** Many schedules, one after the other, with figures of what they went through. */
import type { Evidence, Violation } from "./evidence.ts";
import { scheduleOf } from "./generate.ts";
import { judge, sameOutput } from "./oracles/oracles.ts";
import { runSchedule } from "./run.ts";
import { type Schedule, scheduleLine } from "./schedule.ts";
import { shrink } from "./shrink.ts";

/** A schedule that an oracle objects to. */
export interface Failure {
  readonly seed: number;
  readonly schedule: Schedule;
  readonly violations: readonly Violation[];
}

/** What the schedules went through, in sums. */
export interface Figures {
  schedules: number;
  /** Versions that the clusters had. */
  versions: number;
  /** Records that were written. */
  records: number;
  requests: number;
  gaps: number;
  /** Times that the recorder was started. */
  lives: number;
  /** Starts that went on from a kept state. */
  states: number;
  /** Virtual time, milliseconds. */
  virtualMs: number;
  /** How often each fault was in force. */
  readonly faults: Map<string, number>;
}

export interface ProofOptions {
  /** The first seed; each schedule has the next one. */
  readonly seed: number;
  readonly schedules: number;
  readonly onFailure?: (failure: Failure) => void | Promise<void>;
  readonly onProgress?: (figures: Figures) => void;
}

/** Every so many schedules one is run twice, for O10. */
const TWICE = 25;

/** Runs schedules and judges them. Goes on after a failure. */
export async function prove(
  options: ProofOptions,
): Promise<{ readonly figures: Figures; readonly failures: readonly Failure[] }> {
  const figures: Figures = {
    schedules: 0,
    versions: 0,
    records: 0,
    requests: 0,
    gaps: 0,
    lives: 0,
    states: 0,
    virtualMs: 0,
    faults: new Map(),
  };
  const failures: Failure[] = [];
  for (let seed = options.seed; seed < options.seed + options.schedules; seed++) {
    const schedule = scheduleOf(seed);
    const evidence = await runSchedule(schedule);
    count(figures, evidence);
    const again = seed % TWICE === 0 ? sameOutput(evidence, await runSchedule(schedule)) : [];
    const violations = [...judge(evidence), ...again];
    options.onProgress?.(figures);
    if (violations.length === 0) continue;
    const failure = { seed, schedule, violations };
    failures.push(failure);
    await options.onFailure?.(failure);
  }
  return { figures, failures };
}

/** The smallest schedule that the same oracles object to, as its line. */
export async function shrunkLine({ schedule, violations }: Failure): Promise<string> {
  const oracles = new Set(violations.map(({ oracle }) => oracle));
  const smallest = await shrink(schedule, async (candidate) =>
    judge(await runSchedule(candidate)).some(({ oracle }) => oracles.has(oracle)),
  );
  return scheduleLine(smallest);
}

function count(figures: Figures, evidence: Evidence): void {
  figures.schedules++;
  figures.versions += evidence.truth.versions.length;
  figures.records += evidence.records.length;
  figures.requests += evidence.asked.length;
  figures.gaps += evidence.records.filter((record) => record.type === "gap" && record.state === "opened").length;
  figures.lives += evidence.lives.length;
  figures.states += evidence.states.length;
  figures.virtualMs += evidence.endedAt;
  for (const fault of evidence.faults) figures.faults.set(fault, (figures.faults.get(fault) ?? 0) + 1);
}
