/**
 * The ledger of what was watched, and when: the material for a story's verdict. It is folded from scope, gap and
 * run records, and knows nothing of single events.
 */
import { LongList } from "../base/index.ts";
import type { GapRecord, IsoTime, RunRecord, ScopeId, ScopeRecord } from "../record/index.ts";
import type { CoveredScope, CoverageGap } from "./document.ts";

/** One gap with both its ends, as far as they are known. */
export interface Gap {
  readonly opened: GapRecord;
  readonly closed: GapRecord | undefined;
  /** When it began and ended, milliseconds since 1970; infinite while it is open. Each story looks at each gap. */
  readonly from: number;
  readonly to: number;
}

/** What a story asks the ledger with. */
export interface Extent {
  /** Arrival times between which the story lived; infinite where that is not known. */
  readonly from: number;
  readonly to: number;
  /** Namespaces of its objects; the empty one stands for objects without a namespace. */
  readonly namespaces: ReadonlySet<string>;
  readonly uids: ReadonlySet<string>;
  /** Scopes that carried its records. */
  readonly carriers: ReadonlySet<ScopeId>;
}

/** What one scope record said, and how many records the ledger had taken before it. */
interface ScopeState {
  readonly order: number;
  readonly state: CoveredScope["state"];
  readonly reason: string | undefined;
}

interface CoveredInterval {
  readonly order: number;
  readonly from: IsoTime;
  end: { readonly order: number; readonly at: IsoTime } | undefined;
}

interface ScopeEntry {
  readonly states: ScopeState[];
  readonly covered: CoveredInterval[];
}

export interface CoverageState {
  readonly scopes: ReadonlyMap<ScopeId, ScopeEntry>;
  readonly gaps: Iterable<readonly [id: string, gap: Gap]>;
  readonly lastArrival: IsoTime | undefined;
  readonly isRunning: boolean;
  readonly order: number;
}

export class CoverageLedger {
  readonly #scopes = new Map<ScopeId, ScopeEntry>();
  readonly #gaps = new Map<string, Gap>();
  #lastArrival: IsoTime | undefined;
  #isRunning = false;
  #order = 0;

  /** To be gone over before anything changes: parts of it are its own. */
  state(): CoverageState {
    return {
      scopes: this.#scopes,
      gaps: new LongList(this.#gaps),
      lastArrival: this.#lastArrival,
      isRunning: this.#isRunning,
      order: this.#order,
    };
  }

  restore({ scopes, gaps, lastArrival, isRunning, order }: CoverageState): void {
    for (const [scope, entry] of scopes) this.#scopes.set(scope, entry);
    for (const [id, gap] of gaps) this.#gaps.set(id, gap);
    this.#lastArrival = lastArrival;
    this.#isRunning = isRunning;
    this.#order = order;
  }

  /** Records that it has taken: a story that is completed tells of its scopes what was known then. */
  get order(): number {
    return this.#order;
  }

  accept(record: ScopeRecord | GapRecord | RunRecord): void {
    this.#order++;
    if (record.type === "scope") this.#acceptScope(record);
    else if (record.type === "gap") this.#acceptGap(record);
    else this.#acceptRun(record);
  }

  /** Moment of the latest arrival: where coverage ended if the recorder dies now. */
  noteArrival(at: IsoTime): void {
    this.#lastArrival = at;
  }

  /** Gaps that overlap the story's life and can concern it, in the order of their opening. */
  gapsTouching(extent: Extent): readonly Gap[] {
    return [...this.#gaps.values()].filter((gap) => overlaps(gap, extent) && concerns(gap.opened, extent));
  }

  isTouched(extent: Extent, gap: string): boolean {
    const known = this.#gaps.get(gap);
    return known !== undefined && overlaps(known, extent) && concerns(known.opened, extent);
  }

  /** What the scopes of a story were by the first `order` records, whatever came after. */
  scopesTouching(extent: Extent, order: number = Number.POSITIVE_INFINITY): readonly CoveredScope[] {
    return [...this.#scopes].flatMap(([scope, entry]) => {
      const last = entry.states.findLast((each) => each.order <= order);
      if (last === undefined || !canCarry(scope, extent)) return [];
      const { state, reason } = last;
      return [
        {
          scope,
          state,
          ...(reason === undefined ? {} : { reason }),
          covered: coveredBy(entry, order),
          relists: relistsBy(entry, order),
        },
      ];
    });
  }

  #acceptScope(record: ScopeRecord): void {
    const { scope, state, reason, at } = record;
    const entry = this.#scopes.get(scope) ?? { states: [], covered: [] };
    this.#scopes.set(scope, entry);
    entry.states.push({ order: this.#order, state, reason });
    const isCovered = state === "synced" || state === "recovered";
    const last = entry.covered.at(-1);
    const isOpen = last !== undefined && last.end === undefined;
    if (isCovered && !isOpen) entry.covered.push({ order: this.#order, from: at, end: undefined });
    if (!isCovered) this.#endCoverage(entry, at);
  }

  #acceptGap(record: GapRecord): void {
    const known = this.#gaps.get(record.gap);
    if (known === undefined) this.#gaps.set(record.gap, gapOf(record, record.state === "closed" ? record : undefined));
    else if (record.state === "closed") this.#gaps.set(record.gap, gapOf(known.opened, record));
  }

  /** A run that starts while another was going on: that one died, and what it covered ended with its last record. */
  #acceptRun(record: RunRecord): void {
    if (record.goesOn === true) return;
    const end = record.state === "ended" || this.#lastArrival === undefined ? record.at : this.#lastArrival;
    if (this.#isRunning) for (const entry of this.#scopes.values()) this.#endCoverage(entry, end);
    this.#isRunning = record.state === "started";
  }

  #endCoverage({ covered }: ScopeEntry, at: IsoTime): void {
    const last = covered.at(-1);
    if (last !== undefined) last.end ??= { order: this.#order, at };
  }
}

function coveredBy({ covered }: ScopeEntry, until: number): CoveredScope["covered"] {
  const begun = covered.filter(({ order }) => order <= until);
  return begun.map(({ from, end }) => ({ from, to: end === undefined || end.order > until ? null : end.at }));
}

/** The first list is none. */
function relistsBy({ states }: ScopeEntry, until: number): number {
  return Math.max(0, states.filter(({ order, state }) => order <= until && state === "synced").length - 1);
}

function gapOf(opened: GapRecord, closed: GapRecord | undefined): Gap {
  const to = closed === undefined ? Number.POSITIVE_INFINITY : Date.parse(closed.to ?? closed.at);
  return { opened, closed, from: Date.parse(opened.from), to };
}

function overlaps({ from, to }: Gap, extent: Extent): boolean {
  return from <= extent.to && to >= extent.from;
}

/** A gap of one object concerns its stories, a gap of a pod's log the pod's, any other those its scope can carry. */
function concerns(gap: GapRecord, extent: Extent): boolean {
  if (gap.uid !== undefined) return extent.uids.has(gap.uid);
  if (gap.scope.startsWith("log:")) return extent.uids.has(gap.scope.slice("log:".length).split("/")[0] ?? "");
  return canCarry(gap.scope, extent);
}

/**
 * True for a scope that carried records of the story, and for one that watches a namespace of it: what such a
 * scope missed may have belonged. A scope of one named object concerns only the stories it carried.
 */
function canCarry(scope: ScopeId, extent: Extent): boolean {
  if (extent.carriers.has(scope)) return true;
  const [, namespace, name] = scope.split("/");
  return name === undefined && namespace !== undefined && (namespace === "*" || extent.namespaces.has(namespace));
}

/**
 * Nothing can be missing only when that was proven. That everything was as before is no proof: an object may have come and gone.
 */
function hasPossibleLoss({ opened, closed }: Gap): boolean {
  return (closed ?? opened).repaired !== "full";
}

/** Why a story is incomplete: a sentence for all gaps of one scope and cause, since a log may be rotated every few minutes. */
export function gapReasons(gaps: readonly Gap[]): readonly string[] {
  const groups = new Map<string, Gap[]>();
  for (const gap of gaps.filter(hasPossibleLoss)) {
    const what = `${gap.opened.scope} may lack something: ${gap.opened.cause}`;
    const group = groups.get(what);
    if (group === undefined) groups.set(what, [gap]);
    else group.push(gap);
  }
  return [...groups].map(([what, group]) => {
    const times = group.length > 1 ? `, ${group.length} times,` : "";
    const [from] = group.map(({ opened }) => opened.from).toSorted();
    const isOpen = group.some(({ closed }) => closed === undefined);
    const until = group
      .map(({ closed }) => closed?.to ?? closed?.at ?? "")
      .toSorted()
      .at(-1);
    return `${what}${times} from ${from}, ${isOpen ? "still open" : `until ${until}`}`;
  });
}

/** A gap as the story file tells it. */
export function describeGap(gap: Gap): CoverageGap {
  const { opened, closed } = gap;
  const end = closed ?? opened;
  const detail = end.detail ?? opened.detail;
  const fromVersion = end.fromVersion ?? opened.fromVersion;
  return {
    gap: opened.gap,
    scope: opened.scope,
    cause: opened.cause,
    ...(detail === undefined ? {} : { detail }),
    from: opened.from,
    to: closed === undefined ? null : (closed.to ?? closed.at),
    ...(fromVersion === undefined ? {} : { from_version: fromVersion }),
    ...(end.toVersion === undefined ? {} : { to_version: end.toVersion }),
    repaired: end.repaired ?? "none",
    ...(end.visibleChange === undefined ? {} : { visible_change: end.visibleChange }),
    possible_loss: hasPossibleLoss(gap),
  };
}
