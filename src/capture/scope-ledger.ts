/**
 * What one scope's coverage is, as a union, and what each item of its watch makes of it. Pure: the records that follow
 * from a transition are data, to be stamped and appended by the recorder.
 */
import { isoTime } from "../base/index.ts";
import type { GapCause, GapRecord, ScopeRecord } from "../record/index.ts";
import type { WatchItem } from "../sources/index.ts";

/** Where a scope stands. `coveredAt` is the last moment (ms since 1970) up to which nothing was missed. */
export type Coverage =
  /** Not one list yet. */
  | { readonly state: "starting"; readonly since: number; readonly gap: OpenGap | undefined }
  /**
   * A watch goes on where an earlier one stood, behind a gap. `connected`: it stands since; whether the server still has
   * the history between shows in its first words (apiserver `cacher.go newErrWatcher` answers 200, then 410 in the stream).
   */
  | { readonly state: "resuming"; readonly gap: OpenGap; readonly connected: Connected | undefined; readonly isDegraded: boolean }
  /** A scope that is context only, and cannot be read: said, and no gap of what is told. */
  | { readonly state: "unread"; readonly detail: string }
  /** `unprovenSince`: the watch was resumed, and nothing has come yet that proves that history since then was still there. */
  | { readonly state: "covered"; readonly coveredAt: number; readonly unprovenSince?: number }
  /** The stream is down; whether anything was missed shows when it is resumed. */
  | {
      readonly state: "interrupted";
      readonly coveredAt: number;
      readonly cause: GapCause;
      readonly detail: string;
      readonly isDegraded: boolean;
    }
  /** `isSynced`: a list was complete before. */
  | { readonly state: "gap"; readonly gap: OpenGap; readonly isDegraded: boolean; readonly isSynced: boolean };

/** Milliseconds since 1970. */
interface Connected {
  readonly at: number;
  /** Silence until then means that nothing was missed. */
  readonly settlesAt: number;
}

export interface OpenGap {
  readonly id: string;
  readonly cause: GapCause;
  readonly detail: string;
  readonly from: number;
  readonly fromVersion: string | undefined;
}

type Draft<T> = T extends unknown ? Omit<T, "seq" | "at"> : never;
export type LedgerRecord = Draft<GapRecord> | Draft<ScopeRecord>;

export interface LedgerStep {
  readonly coverage: Coverage;
  readonly records: readonly LedgerRecord[];
}

/** What a ledger must know of its scope. */
export interface LedgerScope {
  readonly scope: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  /** It explains roots and is no part of them: a story is whole without it. */
  readonly isContext?: boolean;
  /** A new id for a gap, unique in the recording. */
  readonly nextGap: () => string;
}

/**
 * How far a scope has come. A watch that is behind, as one that was resumed is at first, tells what happened before: the version that
 * it has reached says more about what is missing than the moment.
 */
export interface Standing {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The version up to which nothing is outstanding. */
  readonly reached: string | undefined;
}

/** Folds one item of the watch that arrived at `now`. */
export function stepCoverage(of: LedgerScope, coverage: Coverage, item: WatchItem, now: number): LedgerStep {
  switch (item.item) {
    case "object":
    case "reached":
      if (coverage.state === "resuming" && coverage.connected !== undefined) return resumed(of, coverage, now);
      return unchanged(touched(coverage, now));
    case "vanished":
      return unchanged(touched(coverage, now));
    case "connected":
      if (coverage.state === "resuming")
        return unchanged({ ...coverage, connected: { at: now, settlesAt: now + SETTLED_MS + 3 * (item.tookMs ?? 0) } });
      return coverage.state === "interrupted" ? reconnected(of, coverage, now) : unchanged(coverage);
    case "disconnected":
      if (coverage.state === "resuming") return unchanged({ ...coverage, connected: undefined });
      return coverage.state === "covered" ? interrupted(coverage, item, now) : unchanged(coverage);
    case "lost":
      return lost(of, coverage, item, now);
    case "listed":
      return listed(of, coverage, item, now);
    case "degraded":
      return degraded(of, coverage, item);
    case "missed":
      return missed(of, coverage, item);
    case "epoch":
    case "incident":
      return unchanged(coverage);
  }
}

/**
 * Nothing more can be taken from `now` on: neither memory nor the disk has room. The watch is ended, and resumed later; until
 * that has shown that the server kept what happened, it is a gap.
 */
export function pauseCoverage(of: LedgerScope, coverage: Coverage, why: string, at: Standing): LedgerStep {
  if (coverage.state !== "covered" && coverage.state !== "interrupted") return unchanged(coverage);
  const gap: OpenGap = { id: of.nextGap(), cause: "disk", detail: why, from: at.now, fromVersion: at.reached };
  return {
    coverage: { state: "resuming", gap, connected: undefined, isDegraded: false },
    records: [openedGap(of, gap)],
  };
}

/**
 * How long a resumed watch must stand before its silence means that the server has the history it was asked for; longer where it took
 * long to open, for a refusal in its first line comes the same way.
 */
const SETTLED_MS = 1_000;

/** Lets time pass: a watch that was resumed a while ago, and heard no refusal, has missed nothing. */
export function settleCoverage(of: LedgerScope, coverage: Coverage, now: number): LedgerStep {
  if (coverage.state !== "resuming" || coverage.connected === undefined) return unchanged(coverage);
  return now >= coverage.connected.settlesAt ? resumed(of, coverage, now) : unchanged(coverage);
}

/** The watch was silent, and when the recorder stopped it was not to be found that it had nothing to tell. */
export function doubtedCoverage(coverage: Coverage, detail: string): Coverage {
  if (coverage.state !== "covered") return coverage;
  return { state: "interrupted", coveredAt: coverage.coveredAt, cause: "unreachable", detail, isDegraded: true };
}

/** What a watch answers with a list at once, and with reading back what lies before it. */
const READ_BACK: ReadonlySet<GapCause> = new Set(["history-expired", "store-damaged", "undecodable"]);

/** True while that goes on, as far as the server answers. */
export function isReadBack(coverage: Coverage): boolean {
  return coverage.state === "gap" && READ_BACK.has(coverage.gap.cause);
}

/** A watch that has been down for less when the recorder stops is between two sessions. */
const BLIP_MS = 2_000;

/** The records that close a scope when the recorder stops. What was not resumed by then is a gap without an end. */
export function closeCoverage(of: LedgerScope, coverage: Coverage, { now, reached }: Standing): readonly LedgerRecord[] {
  const closed = scopeRecord(of, "closed", "recording stopped");
  switch (coverage.state) {
    case "covered":
    case "unread":
      return [closed];
    case "gap":
    case "resuming":
      return [closed];
    case "starting":
      if (coverage.gap !== undefined || of.isContext === true) return [closed];
      return [
        openedGap(of, {
          id: of.nextGap(),
          cause: "stopped-early",
          detail: "stopped before the first list was complete",
          from: coverage.since,
          fromVersion: undefined,
        }),
        closed,
      ];
    case "interrupted": {
      // The watch of a stopping recorder is down for a moment like any other; only an outage that lasts is a loss.
      if (!coverage.isDegraded && now - coverage.coveredAt < BLIP_MS) return [closed];
      const gap = {
        id: of.nextGap(),
        cause: coverage.cause,
        detail: coverage.detail,
        from: coverage.coveredAt,
        fromVersion: reached,
      };
      return [openedGap(of, gap), scopeRecord(of, "closed", `recording stopped at ${isoTime(now)} while ${coverage.detail}`)];
    }
  }
}

export function scopeRecord(of: LedgerScope, state: ScopeRecord["state"], reason?: string): LedgerRecord {
  return {
    type: "scope",
    scope: of.scope,
    resource: of.resource,
    ...(of.namespace === undefined ? {} : { namespace: of.namespace }),
    state,
    ...(reason === undefined ? {} : { reason }),
  };
}

export function openedGap(of: LedgerScope, gap: OpenGap): Draft<GapRecord> {
  return {
    type: "gap",
    gap: gap.id,
    state: "opened",
    scope: of.scope,
    cause: gap.cause,
    detail: gap.detail,
    from: isoTime(gap.from),
    ...(gap.fromVersion === undefined ? {} : { fromVersion: gap.fromVersion }),
  };
}

function unchanged(coverage: Coverage): LedgerStep {
  return { coverage, records: [] };
}

function touched(coverage: Coverage, now: number): Coverage {
  return coverage.state === "covered" ? { state: "covered", coveredAt: now } : coverage;
}

/** The server sent, or had nothing to send of, what happened in the gap: all of it. So the watch has told everything since it stands. */
function resumed(of: LedgerScope, { gap, connected }: Extract<Coverage, { state: "resuming" }>, now: number): LedgerStep {
  const to = isoTime(Math.max(gap.from, connected?.at ?? now));
  const records: LedgerRecord[] = [
    { ...openedGap(of, gap), state: "closed", to, repaired: "full" },
    scopeRecord(of, "recovered", "the watch goes on where it stood; the server had kept what happened since"),
  ];
  return { coverage: { state: "covered", coveredAt: now }, records };
}

/**
 * Up to the end of a watch nothing was missed, unless it was silent before: a dead connection looks like a quiet one. One that
 * broke as soon as it was accepted proved nothing.
 */
function interrupted(
  coverage: Extract<Coverage, { state: "covered" }>,
  item: Extract<WatchItem, { item: "disconnected" }>,
  now: number,
): LedgerStep {
  const heardAt = Math.max(coverage.coveredAt, now - (item.silentMs ?? 0));
  const isProven = coverage.unprovenSince === undefined || heardAt - coverage.coveredAt >= SETTLED_MS;
  const coveredAt = isProven ? heardAt : (coverage.unprovenSince ?? heardAt);
  return unchanged({ state: "interrupted", coveredAt, cause: "unreachable", detail: item.why, isDegraded: false });
}

/** Accepted is not resumed: that history is gone comes as the first line of the stream (apiserver `cacher.go newErrWatcher`). */
function reconnected(of: LedgerScope, from: Extract<Coverage, { state: "interrupted" }>, now: number): LedgerStep {
  return {
    coverage: { state: "covered", coveredAt: now, unprovenSince: from.coveredAt },
    records: from.isDegraded ? [scopeRecord(of, "recovered")] : [],
  };
}

function lost(of: LedgerScope, coverage: Coverage, item: Extract<WatchItem, { item: "lost" }>, now: number): LedgerStep {
  if (coverage.state === "gap" || coverage.state === "starting" || coverage.state === "unread") return unchanged(coverage);
  if (coverage.state === "resuming") {
    const { gap, isDegraded } = coverage;
    return unchanged({ state: "gap", gap, isDegraded, isSynced: false });
  }
  const gap: OpenGap = {
    id: of.nextGap(),
    cause: item.cause,
    detail: item.detail,
    from: Math.min(coverage.state === "covered" ? (coverage.unprovenSince ?? coverage.coveredAt) : coverage.coveredAt, now),
    fromVersion: item.resourceVersion === "" ? undefined : item.resourceVersion,
  };
  const isDegraded = coverage.state === "interrupted" && coverage.isDegraded;
  return { coverage: { state: "gap", gap, isDegraded, isSynced: true }, records: [openedGap(of, gap)] };
}

function listed(of: LedgerScope, coverage: Coverage, item: Extract<WatchItem, { item: "listed" }>, now: number): LedgerStep {
  const gap = "gap" in coverage ? coverage.gap : undefined;
  const wasDegraded = "isDegraded" in coverage && coverage.isDegraded;
  const records: LedgerRecord[] = [];
  if (gap !== undefined) {
    const opened = openedGap(of, gap);
    records.push({
      ...opened,
      state: "closed",
      // What came while the versions between were read back, the watch from the list's version tells.
      to: isoTime(Math.max(gap.from, Math.min(item.at, now))),
      toVersion: item.resourceVersion,
      repaired: repairOf(gap, item),
      visibleChange: item.changes > 0,
      ...(item.provenAfter === undefined ? {} : { provenAfter: item.provenAfter }),
    });
  }
  const isFirst = coverage.state === "starting" || coverage.state === "resuming" || coverage.state === "unread";
  if (isFirst || (coverage.state === "gap" && !coverage.isSynced)) records.push(scopeRecord(of, "synced"));
  else if (wasDegraded) records.push(scopeRecord(of, "recovered"));
  return { coverage: { state: "covered", coveredAt: now }, records };
}

/**
 * What the watch could not prove, the kind's own past may: one that was not served yet had no objects that could have come and gone
 * before it was, and it is listed within a moment of that. One that was removed had, between what the watch told last and its removal.
 */
function repairOf(gap: OpenGap, item: Extract<WatchItem, { item: "listed" }>): "none" | "partial" | "full" {
  return gap.cause === "not-served" && item.isWhole ? "full" : item.repaired;
}

/** A gap that is known only when it is over: the watch stood, and left changes out. */
function missed(of: LedgerScope, coverage: Coverage, item: Extract<WatchItem, { item: "missed" }>): LedgerStep {
  const gap: OpenGap = {
    id: of.nextGap(),
    cause: "watch-incomplete",
    detail: item.detail,
    from: item.since,
    fromVersion: item.fromVersion,
  };
  const opened = openedGap(of, gap);
  const closed: LedgerRecord[] =
    opened.type === "gap"
      ? [
          {
            ...opened,
            state: "closed",
            to: isoTime(item.at),
            toVersion: item.toVersion,
            repaired: "partial",
            visibleChange: true,
          },
        ]
      : [];
  return { coverage, records: [opened, ...closed] };
}

function degraded(of: LedgerScope, coverage: Coverage, item: Extract<WatchItem, { item: "degraded" }>): LedgerStep {
  const record = scopeRecord(of, "degraded", `${item.cause}: ${item.detail}`);
  switch (coverage.state) {
    case "covered":
      return {
        coverage: {
          state: "interrupted",
          coveredAt: coverage.unprovenSince ?? coverage.coveredAt,
          cause: item.cause,
          detail: item.detail,
          isDegraded: true,
        },
        records: [record],
      };
    case "interrupted":
      return {
        coverage: { ...coverage, cause: item.cause, detail: item.detail, isDegraded: true },
        records: coverage.isDegraded ? [] : [record],
      };
    case "gap":
    case "resuming":
      return { coverage: { ...coverage, isDegraded: true }, records: coverage.isDegraded ? [] : [record] };
    case "unread":
      return unchanged(coverage);
    case "starting": {
      if (coverage.gap !== undefined) return unchanged(coverage);
      if (of.isContext === true) return { coverage: { state: "unread", detail: item.detail }, records: [record] };
      const gap: OpenGap = {
        id: of.nextGap(),
        cause: item.cause,
        detail: item.detail,
        from: coverage.since,
        fromVersion: undefined,
      };
      return { coverage: { state: "gap", gap, isDegraded: true, isSynced: false }, records: [openedGap(of, gap), record] };
    }
  }
}
