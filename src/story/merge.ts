/**
 * The events of one story in chronological order, read one by one. Rows are sorted already; a log block is a
 * sorted run of lines between which others may stand, so blocks whose turn has begun wait in a heap. In memory
 * at a time: the blocks that overlap and one object, nothing else.
 */
import { type ChoosesLine, errorMessage, FaroError } from "../base/index.ts";
import {
  type ContainerInstance,
  type FaroRecord,
  type LifecycleRecord,
  type LogRecord,
  type ObjectRecord,
  type RecordingSource,
  splitLogLine,
  textOfLine,
} from "../record/index.ts";
import { describeChanges, type VersionChanges } from "./changes/describe.ts";
import { LastVersions } from "./changes/last-versions.ts";
import type { ParsedVersion } from "./changes/parsed-version.ts";
import { NO_ROW, type RowTable } from "./columns.ts";
import { type EventLine, type EventPlace, gapLine, lifecycleLine, objectLine } from "./event-line.ts";
import { Heap } from "./heap.ts";
import { LogEventLines, type TimedLine } from "./log-event-lines.ts";
import type { LogStream } from "./log-streams.ts";
import type { StoryExtract } from "./story-index.ts";
import type { Subject } from "./subjects.ts";
import { lineTime, type RunningTime } from "./timeline.ts";

export interface MergeInput {
  readonly extract: StoryExtract;
  readonly rows: RowTable;
  readonly source: RecordingSource;
  /** Takes records as they are read: as many bytes as are read at a time. */
  readonly memory: Buffer;
}

/** An event with its place in the order. */
interface Item {
  readonly time: number;
  readonly seq: number;
  readonly line: EventLine;
}

/** A sorted run: its next item, and what follows. */
interface Run {
  readonly next: Item;
  readonly rest: Iterator<Item>;
}

type EventRecord = ObjectRecord | LifecycleRecord | LogRecord;

/** Thrown when the recording is damaged at a row; says where. */
export class UnreadableRow extends Error {
  readonly position: number;

  constructor(position: number, cause: unknown) {
    super(errorMessage(cause), { cause });
    this.position = position;
  }
}

/**
 * Yields the events of a story in order, in batches: an asynchronous step for many rows, not per line. A batch is to be
 * used up before the next one is asked for: the bytes of all objects stand in the same memory, one after another.
 * @throws UnreadableRow
 */
export async function* mergeEvents(input: MergeInput): AsyncGenerator<readonly EventLine[]> {
  const { extract, rows } = input;
  const told = extract.told.rows;
  const streams = new Map(extract.streams.map((stream) => [stream.id, stream]));
  const seen = new Set<string>();
  const versions = new Versions(input);
  const runs = new Heap<Run>((a, b) => a.next.time - b.next.time || a.next.seq - b.next.seq);
  const listedAt = firstLists(extract);
  for (const item of gapItems(extract)) begin(runs, [item].values());
  for (let at = 0; at < told.length;) {
    const lines: EventLine[] = [];
    for (const record of await readRows(input, told.subarray(at, at + ROWS_AT_ONCE))) {
      const row = told[at++] ?? NO_ROW;
      const place = placeAt(extract, row);
      takeBefore(runs, { time: place.time, seq: rows.seq(row) }, lines);
      if (record.type === "log") begin(runs, blockItems(record, place, linesOf(extract, record, streams.get(record.stream))));
      else if (record.type === "lifecycle")
        lines.push(lifecycleLine(record, place, { isReconstructed: isFromBefore(record, listedAt) }));
      else {
        const isKnown = seen.has(record.uid);
        const version = record.kubeEvent === undefined ? versions.parse(record) : undefined;
        const found = versions.changesOf(record, version, isKnown ? row : undefined);
        const changes = found instanceof Promise ? await found : found;
        lines.push(objectLine(record, place, { isKnown, changes, data: version?.value }));
        seen.add(record.uid);
      }
      if (lines.length >= BATCH_LINES) yield lines.splice(0);
    }
    yield lines;
  }
  yield* drain(runs);
}

/** What is read at a time. */
export const RECORD_BYTES: number = 512 * 1024;
const ROWS_AT_ONCE = 64;
const BATCH_LINES = 1_000;

/** Arrival of the first version of each pod that a list showed first. */
function firstLists({ members }: StoryExtract): ReadonlyMap<string, number> {
  const listed = members.filter(({ known }) => known?.kind === "Pod" && known.firstChange === "LISTED");
  return new Map(listed.map(({ uid, known }) => [uid, Date.parse(known?.firstSeen ?? "")]));
}

/** A transition that happened before anybody watched the pod. */
function isFromBefore({ uid, time }: LifecycleRecord, listedAt: ReadonlyMap<string, number>): boolean {
  const arrival = listedAt.get(uid);
  return arrival !== undefined && Date.parse(time) < arrival;
}

/** Compares each version with the one that was told before it. */
class Versions {
  readonly #input: MergeInput;
  readonly #last = new LastVersions();
  #memory: Buffer | undefined;
  /** Last count of each Event. */
  readonly #counts = new Map<string, number>();

  constructor(input: MergeInput) {
    this.#input = input;
  }

  parse(record: ObjectRecord): ParsedVersion {
    return this.#last.parse(record);
  }

  /**
   * `version`: unless it is an Event. `row`: that of the version, unless it is the first of its object. A promise only where the
   * version before has to be read.
   */
  changesOf(
    record: ObjectRecord,
    version: ParsedVersion | undefined,
    row: number | undefined,
  ): VersionChanges | Promise<VersionChanges> {
    if (record.kubeEvent !== undefined) return this.#occurrences(record.uid, record.kubeEvent.count, record.change);
    if (version === undefined || record.redactionFailed === true) return {};
    const before = this.#last.take(record.uid);
    this.#last.hold(record, version);
    if (record.change === "DELETED" && record.synthetic === true) return {};
    const isCreation = record.change === "ADDED";
    if (before !== undefined || row === undefined) return describeChanges(before, version.value, isCreation);
    return this.#readBefore(row).then((read) => describeChanges(read, version.value, isCreation));
  }

  /**
   * An Event's update stands for as many occurrences as its count rose by; when each was, nobody knows (client-go
   * `events_cache.go`).
   */
  #occurrences(uid: string, count: number, change: ObjectRecord["change"]): VersionChanges {
    if (change === "DELETED") return {};
    const before = this.#counts.get(uid) ?? 0;
    this.#counts.set(uid, count);
    return { occurrences: Math.max(0, count - before) };
  }

  /** The version before in the chain of the object, between whose rows stand those of its lifecycle. */
  async #readBefore(row: number): Promise<unknown> {
    const { rows } = this.#input;
    this.#memory ??= Buffer.allocUnsafeSlow(VERSION_BYTES);
    for (let at = rows.before(row); at !== NO_ROW; at = rows.before(at)) {
      const [record] = await readRows({ ...this.#input, memory: this.#memory }, [at]);
      if (record?.type === "object") return JSON.parse(record.raw.toString("utf8"));
    }
    return undefined;
  }
}

const VERSION_BYTES = 16 * 1024;

type From = Omit<MergeInput, "extract">;

/** The first version of an object that the recording holds. @throws UnreadableRow */
export async function firstVersion(from: From, { firstRow }: Subject): Promise<ObjectRecord | undefined> {
  if (firstRow === NO_ROW) return undefined;
  const [record] = await readRows(from, [firstRow]);
  return record?.type === "object" ? record : undefined;
}

/** At least the first of these rows. */
async function readRows({ rows, source, memory }: From, wanted: Iterable<number>): Promise<readonly EventRecord[]> {
  const positions = Array.from(wanted, (row) => rows.position(row));
  const [first = 0] = positions;
  try {
    const records = await source.readSome(positions, memory);
    const end = records.findIndex((record) => !isEvent(record));
    if (end === 0) throw new UnreadableRow(first, new Error(`a record of type ${records[0]?.type} stands in its place`));
    return (end === -1 ? records : records.slice(0, end)).filter(isEvent);
  } catch (error) {
    if (error instanceof FaroError && error.code === "FARO_RECORDING_DAMAGED") throw new UnreadableRow(first, error);
    throw error;
  }
}

function isEvent(record: FaroRecord): record is EventRecord {
  return record.type === "object" || record.type === "lifecycle" || record.type === "log";
}

/** Takes everything out of the heap that comes before the given place. */
function takeBefore(runs: Heap<Run>, { time, seq }: Pick<Item, "time" | "seq">, lines: EventLine[]): void {
  for (let run = runs.peek(); run !== undefined; run = runs.peek()) {
    if (run.next.time > time || (run.next.time === time && run.next.seq >= seq)) return;
    runs.pop();
    lines.push(run.next.line);
    begin(runs, run.rest);
  }
}

/** What is left, in batches of a bounded size. */
function* drain(runs: Heap<Run>): Generator<readonly EventLine[]> {
  let lines: EventLine[] = [];
  for (let run = runs.pop(); run !== undefined; run = runs.pop()) {
    lines.push(run.next.line);
    begin(runs, run.rest);
    if (lines.length === BATCH_LINES) {
      yield lines;
      lines = [];
    }
  }
  yield lines;
}

function begin(runs: Heap<Run>, items: Iterator<Item>): void {
  const next = items.next();
  if (next.done !== true) runs.push({ next: next.value, rest: items });
}

function placeAt({ state, order }: StoryExtract, row: number): EventPlace {
  return { story: state.story, root: state.root, time: order.time(row), adjusted: order.adjustment(row) };
}

/** Whose lines a block holds, and by how much their Node's clock is ahead. */
interface LinesOf {
  readonly instance: ContainerInstance;
  readonly offset: number;
  /** Lines that are told; all of them when it is `undefined`. */
  readonly chooses: ChoosesLine | undefined;
}

function linesOf({ order, lines }: StoryExtract, record: LogRecord, stream: LogStream | undefined): LinesOf | undefined {
  if (stream?.instance === undefined) return undefined;
  return { instance: stream.instance, offset: order.offsetOf(stream), chooses: lines.at(record.seq) };
}

/** `place.time` is the time of the first line that is told, with all earlier blocks of the instance taken into account. */
function* blockItems(record: LogRecord, place: EventPlace, of: LinesOf | undefined): Generator<Item> {
  if (of === undefined) return;
  const { instance, offset, chooses } = of;
  const events = new LogEventLines(record, instance, place);
  for (const line of timedLines(record, { latest: place.time + offset })) {
    if (chooses !== undefined && !chooses(textOfLine(line.message, record.encoding))) continue;
    const time = line.time - offset;
    yield { time, seq: record.seq + line.index, line: events.line({ ...line, time }) };
  }
}

function* timedLines(record: LogRecord, stream: RunningTime): Generator<TimedLine> {
  const { text } = record;
  let start = 0;
  for (let index = 0; start <= text.length; index++) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    const { timestamp, message } = splitLogLine(text.slice(start, end));
    yield { index, time: lineTime(timestamp, stream, stream.latest), timestamp, message, isLast: newline === -1 };
    start = end + 1;
  }
}

function gapItems({ state, gaps }: StoryExtract): readonly Item[] {
  const placeAtTime = (time: number): EventPlace => ({ story: state.story, root: state.root, time });
  return gaps.flatMap((gap) => {
    const opened = Date.parse(gap.opened.from);
    const items = [{ time: opened, seq: gap.opened.seq, line: gapLine(gap, "opened", placeAtTime(opened)) }];
    if (gap.closed === undefined) return items;
    const closed = Math.max(opened, Date.parse(gap.closed.to ?? gap.closed.at));
    return [...items, { time: closed, seq: gap.closed.seq, line: gapLine(gap, "closed", placeAtTime(closed)) }];
  });
}
