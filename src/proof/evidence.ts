/** What a run leaves for the oracles: what happened, what was asked, what was recorded. Plain data, no living thing in it. */
import type { FaroRecord, GapRecord, ScopeRecord } from "../record/index.ts";
import type { Asked } from "./network.ts";
import type { Life } from "./recorder-process.ts";
import { elapsedOf, type Stretch } from "./recorder-time.ts";
import type { TrueLog, TrueVersion } from "./truth.ts";

/** Facts of the cluster. */
export interface TruthFacts {
  /** In the order of their moments. */
  readonly versions: readonly TrueVersion[];
  readonly logs: ReadonlyMap<string, TrueLog>;
  readonly compactions: readonly { readonly at: number; readonly revision: number }[];
}

export interface Evidence {
  readonly truth: TruthFacts;
  /** Every request, oldest first. */
  readonly asked: readonly Asked[];
  /** The recording in its order, all segments. */
  readonly records: readonly FaroRecord[];
  /** Lines of the recording that could not be read. */
  readonly damaged: readonly string[];
  /** Lives of the recorder. */
  readonly lives: readonly Life[];
  /** Of each start that found a state kept beside the recording, what it would have done otherwise without it. */
  readonly states: readonly (readonly string[])[];
  /** Errors with which a life ended that nobody had asked to end. */
  readonly failures: readonly string[];
  /** What moments the times of records stand for. */
  readonly times: readonly Stretch[];
  /** Virtual milliseconds at which nothing was under way any more; `undefined` when that never came. */
  readonly quietAt: number | undefined;
  /** Why that never came. */
  readonly restless: readonly string[];
  readonly endedAt: number;
  /** What was still open after the last orderly end. */
  readonly left: { readonly timers: number; readonly connections: number };
  /** Faults of the schedule. */
  readonly faults: readonly string[];
}

/** One thing that an oracle found wrong. */
export interface Violation {
  readonly oracle: string;
  readonly what: string;
}

/** A gap with both its ends; times in virtual milliseconds. */
export interface LedgerGap {
  readonly opened: GapRecord;
  readonly closed: GapRecord | undefined;
  readonly from: number;
  readonly to: number;
}

/** One time for which a scope was watched, within one life of the recorder. */
export interface LedgerSpan {
  readonly openedAt: number;
  /** End of its first list. */
  syncedAt: number | undefined;
  closedAt: number | undefined;
}

export interface LedgerScope {
  readonly scope: string;
  readonly storage: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly spans: LedgerSpan[];
  readonly gaps: LedgerGap[];
}

/** Members that a recording may have from a newer watch; `undefined` where it has none. */
export function memberOf(record: object, name: "late" | "provenAfter"): unknown {
  return Reflect.get(record, name);
}

/** Causes of gaps that lie over coverage by their nature: the watch stood, and an audit found what it left out. */
export function isFoundLater(gap: GapRecord): boolean {
  const cause: string = gap.cause;
  return cause === "watch-incomplete";
}

/** The API server's name of where a resource is kept: `apps/deployments` for `deployments.v1.apps`. */
export function storageOfResource(resource: string): string {
  const [plural = "", , ...group] = resource.split(".");
  return `${group.join(".")}/${plural}`;
}

/** True when a version of the cluster belongs to a scope. */
export function isInScope(scope: LedgerScope, version: TrueVersion): boolean {
  if (version.storage !== scope.storage) return false;
  if (scope.name !== undefined && version.name !== scope.name) return false;
  return scope.namespace === undefined || scope.namespace === version.namespace;
}

/** Folds scope and gap records into what was watched when. */
export function ledgerOf(evidence: Evidence): ReadonlyMap<string, LedgerScope> {
  const scopes = new Map<string, LedgerScope>();
  const opened = new Map<string, { readonly record: GapRecord; readonly index: number }>();
  for (const record of evidence.records) {
    if (record.type === "scope") foldScope(scopes, record, evidence.times);
    else if (record.type === "gap" && !record.scope.startsWith("log:")) foldGap({ scopes, opened }, record, evidence.times);
  }
  return scopes;
}

function foldScope(scopes: Map<string, LedgerScope>, record: ScopeRecord, times: readonly Stretch[]): void {
  const [, , name] = record.scope.split("/");
  const storage = storageOfResource(record.resource);
  const scope = scopes.get(record.scope) ?? {
    scope: record.scope,
    storage,
    namespace: record.namespace,
    name,
    spans: [],
    gaps: [],
  };
  scopes.set(record.scope, scope);
  const [, at] = elapsedOf(record.at, times);
  const span = scope.spans.at(-1);
  if (record.state === "opened") scope.spans.push({ openedAt: at, syncedAt: undefined, closedAt: undefined });
  else if (span === undefined) return;
  else if (record.state === "synced") span.syncedAt ??= at;
  else if (record.state === "closed") span.closedAt = at;
}

interface GapFold {
  readonly scopes: Map<string, LedgerScope>;
  readonly opened: Map<string, { readonly record: GapRecord; readonly index: number }>;
}

function foldGap({ scopes, opened }: GapFold, record: GapRecord, times: readonly Stretch[]): void {
  const scope = scopes.get(record.scope);
  if (scope === undefined) return;
  const before = opened.get(record.gap);
  const from = elapsedOf(record.from, times)[0];
  if (record.state === "opened" || before === undefined) {
    opened.set(record.gap, { record, index: scope.gaps.length });
    scope.gaps.push({ opened: record, closed: undefined, from, to: Number.POSITIVE_INFINITY });
    return;
  }
  const to = elapsedOf(record.to ?? record.at, times)[1];
  scope.gaps[before.index] = { opened: before.record, closed: record, from, to };
}
