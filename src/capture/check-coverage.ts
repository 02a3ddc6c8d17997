/**
 * The rule that no period is silent, as a judge of a whole recording: for every scope the time before its first list,
 * the time it was covered and its gaps make up all the time from its opening to its end, stops of the recorder included.
 * It reads the records alone and shares no code with the ledger that it judges.
 */
import type { CheckpointRecord, FaroRecord, GapRecord, ScopeId, ScopeRecord } from "../record/index.ts";
import { unreachable } from "../base/index.ts";

/** A period of which a recording says nothing; milliseconds since 1970. */
export interface Silence {
  readonly scope: ScopeId;
  readonly from: number;
  readonly to: number;
}

type Phase = "starting" | "covered" | "degraded" | "gap" | "closed";

interface Stretch {
  readonly from: number;
  readonly to: number;
}

interface Timeline {
  readonly begin: number;
  end: number;
  phase: Phase;
  since: number;
  readonly told: Stretch[];
  readonly gaps: Map<string, number>;
}

export class CoverageJudge {
  readonly #scopes = new Map<ScopeId, Timeline>();
  #latest = 0;
  #coveredTo: { readonly at: number; readonly interrupted: readonly ScopeId[] } | undefined;

  accept(record: FaroRecord): void {
    if (record.type === "scope") this.#acceptScope(record, Date.parse(record.at));
    else if (record.type === "gap") this.#acceptGap(record);
    else if (record.type === "checkpoint") this.#acceptCheckpoint(record);
    else if (record.type === "run" && record.state === "started" && record.goesOn === undefined)
      this.#acceptStart(Date.parse(record.at));
    if (record.seq > 0) this.#latest = Math.max(this.#latest, Date.parse(record.at));
  }

  /** Every period that nothing tells of. */
  silences(): readonly Silence[] {
    return [...this.#scopes].flatMap(([scope, timeline]) => {
      const isOver = timeline.phase === "closed";
      const end = isOver ? timeline.end : this.#latest;
      const told = [...timeline.told];
      for (const from of timeline.gaps.values()) told.push({ from, to: end });
      if (timeline.phase === "covered" || timeline.phase === "starting") told.push({ from: timeline.since, to: end });
      return holes(told, timeline.begin, end).map(({ from, to }) => ({ scope, from, to }));
    });
  }

  #acceptScope(record: ScopeRecord, at: number): void {
    const timeline = this.#scopes.get(record.scope) ?? this.#begin(record.scope, at);
    switch (record.state) {
      case "opened":
        timeline.phase = timeline.begin === at ? "starting" : "gap";
        timeline.since = at;
        return;
      case "synced":
      case "recovered":
        // A list that closed a gap is told a moment later than it arrived; the watch behind it covers that moment.
        if (timeline.phase !== "gap" && timeline.phase !== "closed") timeline.told.push({ from: timeline.since, to: at });
        if (timeline.phase !== "covered") timeline.since = at;
        timeline.phase = "covered";
        return;
      case "degraded":
        if (timeline.phase !== "covered") return;
        timeline.told.push({ from: timeline.since, to: at });
        timeline.phase = "degraded";
        timeline.since = at;
        return;
      case "closed":
        // A scope that never got to its first list says so by its states.
        if (timeline.phase === "covered" || timeline.phase === "starting") timeline.told.push({ from: timeline.since, to: at });
        timeline.phase = "closed";
        timeline.end = at;
        return;
      default:
        unreachable(record.state);
    }
  }

  #begin(scope: ScopeId, at: number): Timeline {
    const timeline: Timeline = { begin: at, end: at, phase: "starting", since: at, told: [], gaps: new Map() };
    this.#scopes.set(scope, timeline);
    return timeline;
  }

  #acceptGap(record: GapRecord): void {
    const timeline = this.#scopes.get(record.scope);
    if (timeline === undefined || record.uid !== undefined) return;
    const from = Date.parse(record.from);
    if (record.state === "opened") {
      // What was covered ends where the gap begins, which may have been some time before it was noticed.
      if (timeline.phase === "covered") timeline.told.push({ from: timeline.since, to: from });
      timeline.gaps.set(record.gap, from);
      if (timeline.phase !== "closed") timeline.phase = "gap";
      return;
    }
    timeline.gaps.delete(record.gap);
    const to = Date.parse(record.to ?? record.at);
    timeline.told.push({ from, to });
    timeline.phase = "covered";
    timeline.since = to;
  }

  #acceptCheckpoint({ coveredTo, interrupted = [] }: CheckpointRecord): void {
    this.#coveredTo = { at: Date.parse(coveredTo), interrupted };
  }

  /** What a run that was killed had covered ends with its last checkpoint. */
  #acceptStart(at: number): void {
    for (const [scope, timeline] of this.#scopes) {
      if (timeline.phase === "closed") continue;
      const covered =
        this.#coveredTo?.interrupted.includes(scope) === true ? timeline.since : (this.#coveredTo?.at ?? timeline.since);
      if (timeline.phase === "covered") timeline.told.push({ from: timeline.since, to: Math.max(timeline.since, covered) });
      timeline.phase = "closed";
      timeline.end = at;
    }
    this.#coveredTo = undefined;
  }
}

/** What of `begin` to `end` lies in no stretch. */
function holes(stretches: readonly Stretch[], begin: number, end: number): readonly Stretch[] {
  const found: Stretch[] = [];
  let told = begin;
  for (const { from, to } of stretches.toSorted((a, b) => a.from - b.from)) {
    if (from > told && told < end) found.push({ from: told, to: Math.min(from, end) });
    told = Math.max(told, to);
  }
  if (told < end) found.push({ from: told, to: end });
  return found;
}
