/**
 * What must be known of a recording to write any of its stories: some 15 bytes per record, on disk where there is one for them, a
 * small entry per object and log stream, the gaps. The recorder feeds it live, an offline command from a scan; both see the same records
 * in the same order, so both write the same story.
 */
import type {
  CompletedBecause,
  CorrelationId,
  FaroRecord,
  IsoTime,
  LifecycleRecord,
  LogRecord,
  ObjectRecord,
  Position,
  RunRecord,
  StoryRecord,
} from "../record/index.ts";
import { isoMs, LongList, unreachable } from "../base/index.ts";
import { StoryOrder } from "./chronology/story-order.ts";
import { Witnesses, type WitnessesState } from "./chronology/witnesses.ts";
import { type LineChoiceOfRun, LineChoices } from "./line-choices.ts";
import { type Chain, visitNewestFirst } from "./chains.ts";
import { NO_ROW, RowTable, type RowTableState } from "./columns.ts";
import { CoverageLedger, type CoverageState, type Extent, type Gap } from "./coverage.ts";
import type { CoveredScope } from "./document.ts";
import { DrawnRows } from "./drawn.ts";
import { type LogStream, LogStreams, type LogStreamsState } from "./log-streams.ts";
import { podLife, stepPodLife } from "./replacements.ts";
import { RowPagesOnDisk } from "./rows-on-disk.ts";
import { type SortedRows, sortedRows } from "./sorted-rows.ts";
import { type Subject, Subjects, type SubjectsState } from "./subjects.ts";
import { advance, besideEvent, objectTime } from "./timeline.ts";

/** A story as far as it is known now. */
export interface StoryState {
  readonly story: CorrelationId;
  readonly root: StoryRecord["root"];
  readonly state: "open" | "completed";
  readonly because: CompletedBecause | undefined;
  readonly openedAt: IsoTime;
  readonly completedAt: IsoTime | undefined;
  /** Rows that the recording had when it was completed; infinite while it is open. */
  readonly completedRows: number;
  /** Records that the coverage ledger had taken by then; infinite while it is open. */
  readonly completedCoverage: number;
}

/** Everything about one story but the text of its events. */
export interface StoryExtract {
  readonly state: StoryState;
  readonly members: readonly Subject[];
  readonly streams: readonly LogStream[];
  /** Its rows in chronological order; those that cannot be read are left out. */
  readonly told: SortedRows;
  /** When each of them happened, as this story tells it. */
  readonly order: StoryOrder;
  readonly gaps: readonly Gap[];
  readonly scopes: readonly CoveredScope[];
  readonly run: RunRecord | undefined;
  /** Parts of the recording that cannot be read, one sentence each. */
  readonly unreadable: readonly string[];
  readonly lines: LineChoices;
}

/** Everything that an index knows but the full pages of its rows, as plain data with long lists in it. */
export interface StoryIndexState {
  readonly rows: RowTableState;
  readonly subjects: SubjectsState;
  readonly streams: LogStreamsState;
  readonly ledger: CoverageState;
  readonly stories: Iterable<readonly [story: CorrelationId, state: StoryState]>;
  readonly witnesses: WitnessesState;
  readonly unreadable: ReadonlyMap<Position, string>;
  readonly choices: readonly LineChoiceOfRun[];
  readonly run: RunRecord | undefined;
}

export interface StoryIndexOptions {
  /** Where a file for the rows can be made, so that memory does not grow with them. Without it they are in memory. */
  readonly scratch?: string;
  /** Pages of rows that memory holds beside the file, of some 64 KB each. */
  readonly pagesHeld?: number;
}

export class StoryIndex {
  readonly rows: RowTable;
  readonly #scratch: RowPagesOnDisk | undefined;
  readonly #subjects = new Subjects();
  readonly #streams = new LogStreams();
  readonly #ledger = new CoverageLedger();
  readonly #stories = new Map<CorrelationId, StoryState>();
  readonly #witnesses = new Witnesses(this.#subjects);
  readonly #unreadable = new Map<Position, string>();
  readonly #choices = new LineChoices();
  #run: RunRecord | undefined;

  constructor({ scratch, pagesHeld }: StoryIndexOptions = {}) {
    this.#scratch = scratch === undefined ? undefined : new RowPagesOnDisk(scratch, pagesHeld);
    this.rows = new RowTable(this.#scratch);
  }

  /** To be gone over before anything changes, and the full pages of `rows` asked for with it: parts of it are the index's own. */
  state(): StoryIndexState {
    return {
      rows: this.rows.state(),
      subjects: this.#subjects.state(),
      streams: this.#streams.state(),
      ledger: this.#ledger.state(),
      stories: new LongList(this.#stories),
      witnesses: this.#witnesses.state(),
      unreadable: this.#unreadable,
      choices: this.#choices.state(),
      run: this.#run,
    };
  }

  /** Goes on from `state`, which becomes its own. For an index that has taken nothing. */
  restore(state: StoryIndexState, fullPages: Iterable<Uint8Array>): void {
    this.rows.restore(state.rows, fullPages);
    this.#subjects.restore(state.subjects);
    this.#streams.restore(state.streams);
    this.#ledger.restore(state.ledger);
    for (const [id, story] of state.stories) this.#stories.set(id, story);
    this.#witnesses.restore(state.witnesses);
    for (const [position, why] of state.unreadable) this.#unreadable.set(position, why);
    this.#choices.restore(state.choices);
    this.#run = state.run;
  }

  /** Nothing more is asked of it. */
  close(): void {
    this.#scratch?.close();
  }

  /** Takes a record that stands at `position`. Records must come in the order of writing. */
  accept(record: FaroRecord, position: Position): void {
    switch (record.type) {
      case "object":
        this.#acceptObject(record, position);
        break;
      case "lifecycle":
        this.#acceptLifecycle(record, position);
        break;
      case "log":
        this.#acceptLog(record, position);
        break;
      case "log-stream":
        this.#streams.bind(record);
        break;
      case "log-end":
        this.#streams.end(record);
        break;
      case "attribution":
        this.#subjects.attribute(record);
        break;
      case "relation":
        this.#subjects.relate(record);
        break;
      case "story":
        this.#acceptStory(record);
        break;
      case "run":
        this.#acceptRun(record);
        break;
      case "scope":
      case "gap":
        this.#ledger.accept(record);
        break;
      case "faro-recording":
      case "incident":
      case "checkpoint":
      case "seal":
        break;
      default:
        unreachable(record);
    }
    // Headers and seals are no observations, and the recorder that writes them does not index them.
    if (record.seq > 0) {
      this.#ledger.noteArrival(record.at);
      this.#witnesses.ledger.noteArrival(record.seq, isoMs(record.at), this.rows.count);
    }
  }

  /**
   * A part of the recording cannot be read: what stood there may have belonged to any story, so none is complete.
   * A row at `position` is left out from now on.
   */
  noteUnreadable(position: Position, why: string): void {
    this.#unreadable.set(position, why);
  }

  /**
   * Nothing more will be said of an object. What stories tell of it stays; one that no story tells of takes no memory any more.
   * Only its rows stay in the table, which is a page of numbers for thousands of them.
   */
  forget(uid: string): void {
    this.#subjects.forget(uid);
  }

  /** All stories, in the order in which they were opened first. */
  stories(): readonly StoryState[] {
    return [...this.#stories.values()];
  }

  story(story: CorrelationId): StoryState | undefined {
    return this.#stories.get(story);
  }

  /** Whether a story's file tells of the gap with this id. */
  isTouchedBy(story: CorrelationId, gap: string): boolean {
    const state = this.#stories.get(story);
    if (state === undefined) return false;
    const members = recent(this.#subjects.members(story, state.root.uid), story);
    const uids = new Set(members.map((member) => member.uid));
    return this.#ledger.isTouched(this.#extent(state, members, uids), gap);
  }

  /** Collects what a story consists of; `undefined` for one that was never opened. */
  extract(story: CorrelationId): StoryExtract | undefined {
    const state = this.#stories.get(story);
    if (state === undefined) return undefined;
    const members = recent(this.#subjects.members(story, state.root.uid), story);
    const uids = new Set(members.map((member) => member.uid));
    const streams = this.#streams.ofPods(uids);
    const extent = this.#extent(state, members, uids);
    const order = new StoryOrder({
      rows: this.rows,
      witnesses: this.#witnesses,
      members,
      streams,
      until: state.completedRows,
    });
    const chains = [...members.map((member) => chainOf(member, story)), ...streams];
    return {
      state,
      members,
      streams,
      told: sortedRows({
        table: this.rows,
        time: (row) => order.time(row),
        visit: (take) => this.#eachRow(chains, take),
      }),
      order,
      gaps: this.#ledger.gapsTouching(extent),
      scopes: this.#ledger.scopesTouching(extent, state.completedCoverage),
      run: this.#run,
      unreadable: [...this.#unreadable.values()],
      lines: this.#choices,
    };
  }

  #acceptObject(record: ObjectRecord, position: Position): void {
    const subject = this.#subjects.ensure(record.uid);
    if (record.resource === "pods.v1") {
      subject.pod = podLife(subject.pod, record, (owner) => this.#subjects.lifeUnder(owner));
      this.#witnesses.podVersion(subject, record);
    }
    const isFirst = subject.known === undefined;
    // A list shows what is known already; the recording keeps that sighting, the story tells each version once.
    if (!this.#subjects.sight(subject, record)) return;
    const time = advance(subject, objectTime(record));
    const beside = besideEvent(record, time);
    const row = this.rows.add({ position, time, seq: record.seq, lines: 0, beside }, subject.lastRow);
    subject.lastRow = row;
    this.#witnesses.version(subject, record, { row, isFirst });
  }

  #acceptLifecycle(record: LifecycleRecord, position: Position): void {
    const subject = this.#subjects.ensure(record.uid);
    subject.pod = stepPodLife(subject.pod, record);
    const { latest, row: transition, own } = this.#witnesses.transition(subject, record);
    const time = Math.max(latest, Date.parse(record.time));
    const beside = own === undefined ? undefined : own - time;
    const row = this.rows.add({ position, time, seq: record.seq, lines: 0, beside, transition }, subject.lastRow);
    subject.lastRow = row;
    this.#witnesses.transitionTold(subject, record, { time, row });
  }

  #acceptLog(record: LogRecord, position: Position): void {
    const { stream, time, told, isDated } = this.#streams.take(record, this.#choices.at(record.seq));
    if (told === undefined) return;
    const row = this.rows.add({ position, time: told.from, seq: record.seq, lines: told.lines }, stream.lastRow);
    stream.lastRow = row;
    this.#witnesses.lines(stream, record, { row, first: isDated ? time : undefined });
  }

  #acceptStory(record: StoryRecord): void {
    if (record.state === "merged") {
      this.#stories.delete(record.story);
      return;
    }
    const before = this.#stories.get(record.story);
    const isCompleted = record.state === "completed";
    this.#stories.set(record.story, {
      story: record.story,
      root: record.root,
      state: isCompleted ? "completed" : "open",
      because: isCompleted ? record.because : undefined,
      openedAt: before?.openedAt ?? record.at,
      completedAt: isCompleted ? record.at : undefined,
      completedRows: isCompleted ? this.rows.count : Number.POSITIVE_INFINITY,
      completedCoverage: isCompleted ? this.#ledger.order : Number.POSITIVE_INFINITY,
    });
  }

  #acceptRun(record: RunRecord): void {
    if (record.state === "started") this.#choices.begin(record.seq, record.lines);
    const isCrash = record.state === "started" && record.goesOn === undefined && this.#run?.state === "started";
    if (isCrash) this.#streams.interrupt();
    this.#ledger.accept(record);
    this.#run = this.#run === undefined ? record : { ...this.#run, ...record };
  }

  /** A root that a list showed existed for an unknown time before: every earlier gap may have hidden a part of it. */
  #extent(state: StoryState, members: readonly Subject[], uids: ReadonlySet<string>): Extent {
    const root = members[0]?.known;
    const carriers = members.map(({ carrier }) => carrier).filter((scope) => scope !== undefined);
    return {
      from: root?.firstChange === "LISTED" ? Number.NEGATIVE_INFINITY : Date.parse(root?.firstSeen ?? state.openedAt),
      to: state.completedAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(state.completedAt),
      namespaces: new Set([state.root.namespace ?? "", ...members.map((member) => member.known?.namespace ?? "")]),
      uids,
      carriers: new Set(carriers),
    };
  }

  #eachRow(chains: readonly ToldChain[], take: (row: number) => void): void {
    const { rows } = this;
    visitNewestFirst(rows, chains, (row, { only }, later) => {
      const isTold =
        only === undefined || only.tells(rows.seq(row), later === NO_ROW ? Number.POSITIVE_INFINITY : rows.seq(later));
      if (isTold && (this.#unreadable.size === 0 || !this.#unreadable.has(rows.position(row)))) take(row);
      return only?.isBefore(rows.seq(row)) !== true;
    });
  }
}

/** How long before its root's first appearance an Event about something shared still explains it. */
const EARLIER_MS = 600_000;

/** Events are kept for an hour, and a Node has many: those long before the root concern what ran there then. */
function recent(members: readonly Subject[], story: CorrelationId): readonly Subject[] {
  const since = Date.parse(members[0]?.known?.firstSeen ?? "") - EARLIER_MS;
  return members.filter((member) => {
    const isShared = member.known?.kind === "Event" && !member.stories.includes(story);
    return !isShared || Number.isNaN(since) || member.latest >= since;
  });
}

/** A stream's rows; of a shared object only those that concern the story. */
interface ToldChain extends Chain {
  readonly only?: DrawnRows | undefined;
}

/** Events are about one moment, and a pod that a Service selects is what the Service's story tells of: both are told whole. */
function chainOf(member: Subject, story: CorrelationId): ToldChain {
  const intervals = member.stories.includes(story) ? undefined : member.drawn?.get(story);
  const isWhole = intervals === undefined || member.known?.kind === "Event" || member.known?.kind === "Pod";
  return { lastRow: member.lastRow, only: isWhole ? undefined : new DrawnRows(intervals) };
}
