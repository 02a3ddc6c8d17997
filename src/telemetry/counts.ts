/** What the status stream adds up to: a pure fold, one step per status, none per record. */
import { unreachable } from "../base/index.ts";
import type { CaptureStatus } from "../capture/index.ts";
import type { ScopeId } from "../record/index.ts";
import { emptyHistogram, type HistogramState, observe } from "./exposition.ts";

type Tally = Readonly<Record<string, number>>;

export interface Counts {
  /** Records processed. */
  readonly events: number;
  readonly eventsByType: Tally;
  readonly bytes: number;
  readonly writeSeconds: HistogramState;
  readonly gapsByCause: Tally;
  readonly relists: number;
  readonly watchEnds: number;
  readonly storiesByVerdict: Tally;
  readonly logStreamsByOutcome: Tally;
  readonly spilled: number;
  readonly stalls: number;
  readonly incidents: number;
  readonly apiWarnings: number;
  readonly degradedScopes: ReadonlySet<ScopeId>;
}

/** Seconds. From a fast disk's fsync to one that makes the recorder wait. */
const WRITE_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

export const NO_COUNTS: Counts = {
  events: 0,
  eventsByType: {},
  bytes: 0,
  writeSeconds: emptyHistogram(WRITE_BOUNDS),
  gapsByCause: {},
  relists: 0,
  watchEnds: 0,
  storiesByVerdict: {},
  logStreamsByOutcome: {},
  spilled: 0,
  stalls: 0,
  incidents: 0,
  apiWarnings: 0,
  degradedScopes: new Set(),
};

/** The counts after one more status. */
export function foldStatus(counts: Counts, status: CaptureStatus): Counts {
  switch (status.status) {
    case "batch-written":
      return foldBatch(counts, status);
    case "gap-opened":
      return { ...counts, gapsByCause: add(counts.gapsByCause, status.gap.cause) };
    case "relisted":
      return { ...counts, relists: counts.relists + 1 };
    case "watch-ended":
      return { ...counts, watchEnds: counts.watchEnds + 1 };
    case "story-written":
      return { ...counts, storiesByVerdict: add(counts.storiesByVerdict, status.verdict) };
    case "log-stream-ended":
      return { ...counts, logStreamsByOutcome: add(counts.logStreamsByOutcome, status.outcome) };
    case "queue-spilled":
      return { ...counts, spilled: counts.spilled + status.items };
    case "write-stalled":
      return { ...counts, stalls: counts.stalls + 1 };
    case "incident":
      return { ...counts, incidents: counts.incidents + 1 };
    case "api-warning":
      return { ...counts, apiWarnings: counts.apiWarnings + 1 };
    case "scope-degraded":
      return { ...counts, degradedScopes: new Set([...counts.degradedScopes, status.scope]) };
    case "scope-recovered":
      return { ...counts, degradedScopes: new Set([...counts.degradedScopes].filter((scope) => scope !== status.scope)) };
    case "capture-started":
    case "watch-started":
    case "watch-synced":
    case "gap-closed":
    case "log-stream-opened":
    case "write-resumed":
    case "story-opened":
    case "story-completed":
    case "queue-high":
    case "draining":
    case "stopped":
      return counts;
    default:
      return unreachable(status);
  }
}

function foldBatch(counts: Counts, batch: Extract<CaptureStatus, { status: "batch-written" }>): Counts {
  return {
    ...counts,
    events: counts.events + batch.records,
    eventsByType: Object.entries(batch.byType).reduce((tally, [type, count]) => add(tally, type, count), counts.eventsByType),
    bytes: counts.bytes + batch.bytes,
    writeSeconds: observe(counts.writeSeconds, batch.fsyncMs / 1_000),
  };
}

function add(tally: Tally, name: string, count: number = 1): Tally {
  return { ...tally, [name]: (tally[name] ?? 0) + count };
}
