/**
 * When each row of one story happened: by its own clock, put on the recorder's where the two are proven to differ, and then moved
 * by what is certain whatever clocks say. An owner was there before its dependant, a container started before its first line and
 * ended behind its last, an Event speaks of what is there already.
 *
 * An arrival is the latest moment at which something can have happened, so what is proven to be earlier is moved back, with all
 * that stands before it in its stream; only Events, whose own times are a reporter's, and the ends of containers are moved on.
 */
import { visitNewestFirst } from "../chains.ts";
import { NO_ROW, type RowTable } from "../columns.ts";
import type { ClockReading, StoryChronology } from "../document.ts";
import type { LogStream } from "../log-streams.ts";
import type { Subject } from "../subjects.ts";
import { errorAfter, provenOffset } from "./clock-bounds.ts";
import { type ClockName, nodeClock } from "./clock-ledger.ts";
import { beginningsOf, lastTransitions } from "./pod-times.ts";
import { clockOf, type Witnesses } from "./witnesses.ts";

/** Less than any two clocks differ by, more than a double loses: what is moved stands just before or just behind. */
const JUST_MS = 0.002;
/** Two lists that were asked for together come in any order. */
const LISTED_TOGETHER_MS = 5_000;

/**
 * What is moved back moves its owners, and these what came before them; an owner that came behind its own dependant would do so
 * for ever.
 */
const PASSES_MAX = 8;

/** Of lines of a pod whose Node nothing told. */
const UNKNOWN_CLOCK: ClockName = "unknown";

/** Why a row does not stand where its own time says: another clock was off, or the order of things is certain. */
export type Adjustment = "clock" | "causality";

export interface StoryOrderOf {
  readonly rows: RowTable;
  readonly witnesses: Witnesses;
  readonly members: readonly Subject[];
  readonly streams: readonly LogStream[];
  /** Rows that were known when the story was completed. */
  readonly until: number;
}

export class StoryOrder {
  readonly #of: StoryOrderOf;
  readonly #moved = new Map<number, number>();
  readonly #why = new Map<number, Adjustment>();
  readonly #offsets = new Map<ClockName, number>();
  /** Objects whose owners are being moved: owners may form a circle. */
  readonly #moving = new Set<Subject>();
  #isVersionMoved = false;

  constructor(of: StoryOrderOf) {
    this.#of = of;
    for (const member of of.members) this.#putOnOneClock(member);
    this.#shiftLines();
    const { edges, pods } = this.#logged();
    for (const pod of pods) this.#arrangeTransitions(pod, edges);
    for (const member of of.members) this.#moveOwnersBack(member);
    const events = of.members.filter(({ about }) => about?.subject !== undefined);
    for (const event of events) this.#moveSubjectBack(event);
    this.#keepWatchOrder();
    for (const event of events) this.#moveEventOn(event);
  }

  /** Milliseconds since 1970, of the recorder's clock. */
  time(row: number): number {
    return this.#moved.get(row) ?? this.#of.rows.time(row);
  }

  adjustment(row: number): Adjustment | undefined {
    return this.#why.get(row);
  }

  /** What is taken off the times of a stream's lines. */
  offsetOf(stream: LogStream): number {
    const node = this.#podOf(stream)?.times?.node;
    return node === undefined ? 0 : this.#offset(nodeClock(node));
  }

  /** The clocks that the story has times of, and how far they can be trusted. */
  describe(): StoryChronology {
    const { members, streams, witnesses, until } = this.#of;
    const names = new Set<ClockName>();
    if (streams.some((stream) => stream.lines > 0 && this.#podOf(stream)?.times?.node === undefined)) names.add(UNKNOWN_CLOCK);
    for (const member of members) {
      const clock = member.times?.node === undefined ? clockOf(member) : nodeClock(member.times.node);
      if (clock !== undefined) names.add(clock);
    }
    const clocks = [...names].toSorted().map((clock): ClockReading => {
      const interval = witnesses.ledger.interval(clock, until);
      const offset = this.#offset(clock);
      return {
        clock,
        offset_ms: offset,
        least_ms: finite(Math.floor(interval.least)),
        most_ms: finite(Math.ceil(interval.most)),
        within_ms: finite(errorAfter(interval, offset)),
      };
    });
    const errors = clocks.map(({ within_ms: error }) => error ?? Number.POSITIVE_INFINITY);
    return { within_ms: finite(errors.reduce((a, b) => Math.max(a, b), 0)), clocks };
  }

  // --- clocks ---------------------------------------------------------------------------------------

  #offset(clock: ClockName): number {
    const known = this.#offsets.get(clock);
    if (known !== undefined) return known;
    const offset = provenOffset(this.#of.witnesses.ledger.interval(clock, this.#of.until));
    this.#offsets.set(clock, offset);
    return offset;
  }

  #putOnOneClock(member: Subject): void {
    const node = member.times?.node;
    if (node !== undefined) this.#shiftTransitions(member, this.#offset(nodeClock(node)));
    const clock = clockOf(member);
    if (clock !== undefined) this.#shiftEvent(member, this.#offset(clock));
  }

  /** The rows of a pod lie between the arrivals of the version that shows them and of the one before it. */
  #shiftTransitions({ lastRow }: Subject, offset: number): void {
    if (offset === 0) return;
    const { rows } = this.#of;
    let waiting: number[] = [];
    let latest = Number.POSITIVE_INFINITY;
    let version: number[] = [];
    for (let row = lastRow; ; row = rows.before(row)) {
      if (row !== NO_ROW && rows.isTransition(row)) {
        version.push(row);
        continue;
      }
      const arrival = row === NO_ROW ? Number.NEGATIVE_INFINITY : rows.time(row);
      for (const each of waiting) this.#place(each, clamp(this.#own(each) - offset, arrival, latest), "clock");
      if (row === NO_ROW) return;
      waiting = version.filter((each) => rows.beside(each) !== undefined);
      version = [];
      latest = arrival;
    }
  }

  #own(row: number): number {
    return this.#of.rows.time(row) + (this.#of.rows.beside(row) ?? 0);
  }

  #shiftEvent({ lastRow }: Subject, offset: number): void {
    if (offset === 0) return;
    let latest = Number.NEGATIVE_INFINITY;
    for (const row of this.#chain(lastRow)) {
      const beside = this.#of.rows.beside(row);
      const time = this.#of.rows.time(row);
      const own = time - Math.min(0, beside ?? 0);
      latest = Math.max(latest, beside === undefined ? time : Math.min(own - offset, this.#arrival(row)));
      this.#place(row, latest, "clock");
    }
  }

  /** Of a Kubernetes Event's row. */
  #arrival(row: number): number {
    return this.#of.rows.time(row) + Math.max(0, this.#of.rows.beside(row) ?? 0);
  }

  #shiftLines(): void {
    const { rows, streams } = this.#of;
    const shifted = streams.filter((stream) => this.offsetOf(stream) !== 0);
    visitNewestFirst(rows, shifted, (row, stream) => {
      this.#place(row, rows.time(row) - this.offsetOf(stream), "clock");
      return true;
    });
  }

  // --- containers -----------------------------------------------------------------------------------

  /** First and last line of each container that has lines, by the rows of its start and its end; and the pods of these. */
  #logged(): { readonly edges: ReadonlyMap<number, Edge>; readonly pods: ReadonlySet<Subject> } {
    const edges = new Map<number, Edge>();
    const pods = new Set<Subject>();
    for (const stream of this.#of.streams) {
      const run = stream.instance === undefined ? undefined : this.#of.witnesses.run(stream.instance.containerId);
      const pod = this.#podOf(stream);
      if (run === undefined || pod === undefined || stream.firstLine === undefined) continue;
      const offset = this.offsetOf(stream);
      const first = Math.min(stream.firstLine - offset, edges.get(run.started)?.line ?? Number.POSITIVE_INFINITY);
      edges.set(run.started, { edge: "start", line: first });
      edges.set(run.ended, { edge: "end", line: stream.time.latest - offset });
      pods.add(pod);
    }
    return { edges, pods };
  }

  #arrangeTransitions(pod: Subject, edges: ReadonlyMap<number, Edge>): void {
    let earliest = Number.POSITIVE_INFINITY;
    for (const lastRow of pod.times === undefined ? [] : lastTransitions(pod.times)) {
      const chain = this.#transitions(lastRow);
      const starts = this.#moveStartsBack(chain, edges);
      this.#moveEndsOn(chain, { edges, starts });
      earliest = Math.min(earliest, starts.get(chain[0] ?? NO_ROW) ?? earliest);
    }
    for (const row of pod.times === undefined ? [] : beginningsOf(pod.times)) this.#moveBack(row, earliest - JUST_MS);
    // What a list shows is a state of its own moment, however old the pod is.
    if (pod.known?.firstChange === "ADDED") this.#moveFirstBack(pod, earliest - JUST_MS);
  }

  /** Each row stands before what follows it, and a start before its first line. Returns the next start at or behind each row. */
  #moveStartsBack(chain: readonly number[], edges: ReadonlyMap<number, Edge>): ReadonlyMap<number, number> {
    const starts = new Map<number, number>();
    let limit = Number.POSITIVE_INFINITY;
    let start = Number.POSITIVE_INFINITY;
    for (const row of chain.toReversed()) {
      const known = edges.get(row);
      if (known?.edge === "start") limit = Math.min(limit, known.line - JUST_MS);
      this.#moveBack(row, limit);
      limit = Math.min(limit, this.time(row));
      if (known?.edge === "start") start = limit;
      starts.set(row, start);
    }
    return starts;
  }

  /** An end stands behind its last line, unless the next run had started by then; what follows stands behind it. */
  #moveEndsOn(
    chain: readonly number[],
    { edges, starts }: { readonly edges: ReadonlyMap<number, Edge>; readonly starts: ReadonlyMap<number, number> },
  ): void {
    let limit = Number.NEGATIVE_INFINITY;
    for (const row of chain) {
      const known = edges.get(row);
      if (known?.edge === "end") limit = Math.max(limit, Math.min(known.line + JUST_MS, starts.get(row) ?? known.line));
      if (this.time(row) < limit) this.#place(row, limit, "causality");
    }
  }

  // --- objects --------------------------------------------------------------------------------------

  #moveOwnersBack(member: Subject): void {
    if (member.firstRow === NO_ROW || this.#moving.has(member)) return;
    this.#moving.add(member);
    for (const owner of member.owners) {
      if (isBefore(owner, member)) this.#moveFirstBack(owner, this.time(member.firstRow) - JUST_MS);
    }
    this.#moving.delete(member);
  }

  /** Moves the first sight of an object back, and with it its owners. */
  #moveFirstBack(subject: Subject, limit: number): void {
    if (subject.firstRow === NO_ROW || this.time(subject.firstRow) <= limit) return;
    this.#moveBack(subject.firstRow, limit);
    this.#isVersionMoved = true;
    this.#moveOwnersBack(subject);
  }

  /**
   * The versions of one kind came in the order in which they were made: what is moved back takes along everything of its kind
   * that came before it, and that its owners. As long as nothing was moved they stand in that order by themselves.
   */
  #keepWatchOrder(): void {
    if (!this.#isVersionMoved) return;
    const kinds = this.#versionsByKind();
    for (let pass = 0, moved = 1; moved > 0 && pass < PASSES_MAX; pass++) {
      moved = 0;
      for (const versions of kinds) moved += this.#moveEarlierBack(versions);
    }
  }

  /** Returns how many had to be moved. */
  #moveEarlierBack({ rows, firstOf }: Versions): number {
    let moved = 0;
    let limit = Number.POSITIVE_INFINITY;
    for (const row of rows) {
      if (this.time(row) > limit) {
        moved++;
        this.#moveBack(row, limit);
        const subject = firstOf.get(row);
        if (subject !== undefined) this.#moveOwnersBack(subject);
      }
      limit = this.time(row);
    }
    return moved;
  }

  /** Kubernetes Events stand by their own times. */
  #versionsByKind(): readonly Versions[] {
    const kinds = new Map<string, Subject[]>();
    for (const member of this.#of.members) {
      if (member.known === undefined || member.about !== undefined) continue;
      const ofKind = kinds.get(member.known.resourceType) ?? [];
      kinds.set(member.known.resourceType, ofKind);
      ofKind.push(member);
    }
    return [...kinds.values()].map((members) => this.#versionsOf(members));
  }

  /** Counts before it fills: a kind may have millions of versions. Lanes may have written them in another order than they came. */
  #versionsOf(members: readonly Subject[]): Versions {
    const { rows } = this.#of;
    let count = 0;
    this.#eachVersion(members, () => count++);
    const found = new Uint32Array(count);
    this.#eachVersion(members, (row) => (found[--count] = row));
    found.sort((a, b) => rows.seq(b) - rows.seq(a));
    return { rows: found, firstOf: new Map(members.map((member) => [member.firstRow, member])) };
  }

  #eachVersion(members: readonly Subject[], take: (row: number) => void): void {
    const { rows } = this.#of;
    visitNewestFirst(rows, members, (row) => {
      if (!rows.isTransition(row)) take(row);
      return true;
    });
  }

  /** What an Event is about was there when the Event arrived. */
  #moveSubjectBack({ firstRow, about }: Subject): void {
    if (firstRow === NO_ROW || about?.subject?.known?.firstChange !== "ADDED") return;
    this.#moveFirstBack(about.subject, this.#arrival(firstRow) - JUST_MS);
  }

  #moveEventOn({ lastRow, about }: Subject): void {
    if (about?.subject?.known?.firstChange !== "ADDED") return;
    const limit = this.time(about.subject.firstRow) + JUST_MS;
    for (const row of this.#chain(lastRow)) if (this.time(row) < limit) this.#place(row, limit, "causality");
  }

  // --- rows -----------------------------------------------------------------------------------------

  #moveBack(row: number, limit: number): void {
    if (this.time(row) > limit) this.#place(row, limit, "causality");
  }

  #place(row: number, time: number, why: Adjustment): void {
    this.#moved.set(row, time);
    this.#why.set(row, why);
  }

  /** Rows of a stream, the first one first. */
  #chain(lastRow: number): readonly number[] {
    const chain: number[] = [];
    for (let row = lastRow; row !== NO_ROW; row = this.#of.rows.before(row)) chain.push(row);
    return chain.reverse();
  }

  #transitions(lastRow: number): readonly number[] {
    const chain: number[] = [];
    for (let row = lastRow; row !== NO_ROW; row = this.#of.rows.transitionBefore(row)) chain.push(row);
    return chain.reverse();
  }

  #podOf(stream: LogStream): Subject | undefined {
    return stream.instance === undefined ? undefined : this.#of.witnesses.subject(stream.instance.podUid);
  }
}

/** The versions of one kind: their rows, the one that came last first, and whose first one a row is. */
interface Versions {
  readonly rows: Uint32Array;
  readonly firstOf: ReadonlyMap<number, Subject>;
}

/** A row that tells the start of a container with the time of its first line, or its end with that of its last. */
interface Edge {
  readonly edge: "start" | "end";
  readonly line: number;
}

/**
 * Whether the first sight of an owner must stand before that of its dependant. One that was seen being made must; of two that
 * lists showed at the start, both were there before. A list that shows an owner long after says nothing about that earlier
 * moment.
 */
function isBefore(owner: Subject, member: Subject): boolean {
  if (owner.known === undefined || member.known === undefined) return false;
  if (owner.known.firstChange === "ADDED") return true;
  if (owner.known.firstChange !== "LISTED" || member.known.firstChange !== "LISTED") return false;
  return Date.parse(owner.known.firstSeen) - Date.parse(member.known.firstSeen) <= LISTED_TOGETHER_MS;
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
