/**
 * What an earlier run in the same output directory left: the recording is read once and everything that a running
 * capture keeps in memory is made again from it, so that nothing is recorded twice and no story is cut in two. Where a
 * run kept what it knew at some place, only what stands behind that is read.
 */
import { basename } from "node:path";
import type { Damage, RecordingMark, SavedState } from "../archive/index.ts";
import { invariant, isoMs } from "../base/index.ts";
import { positionOf, segmentOf } from "../record/index.ts";
import type { FaroRecord, ObjectRecord, RecordAt, RecordingSource } from "../record/index.ts";
import type { Correlator, CorrelatorState, Want } from "../correlate/index.ts";
import { mayStateRelations, relationsOf, stepPod } from "../normalise/index.ts";
import { containersOf } from "../sources/index.ts";
import type { StoryIndex, StoryIndexState } from "../story/index.ts";
import { Carried, type CarriedState } from "./carried.ts";
import { departedPod } from "./departed-pods.ts";
import { pack, unpack } from "./pack.ts";
import { bornBefore, isPod, type RestoredPod } from "./pods.ts";
import { type Finding, Unsaid } from "./unsaid.ts";

/** State recovered from a recording; empty maps for a new one. */
export interface Recovery {
  readonly carried: Carried;
  readonly pods: ReadonlyMap<string, RestoredPod>;
  /** What the correlator found on reading that the recording does not say yet: a crash came between. */
  readonly missing: readonly Finding[];
}

/** Hears of damage while a recording is read, so that what follows it is judged by it. */
export class DamageWatch {
  #isNew = false;

  readonly note = (): void => {
    this.#isNew = true;
  };

  /** Whether damage was told since the last call. */
  isNew(): boolean {
    const isNew = this.#isNew;
    this.#isNew = false;
    return isNew;
  }
}

/** Lets stories say that a part of the recording cannot be read. The file's name alone: a recording may be moved. */
export function noteUnreadable(index: StoryIndex, { file, segment, line, offset, reason }: Damage): void {
  index.noteUnreadable(positionOf(segment, offset), `line ${line} of ${basename(file)} (byte ${offset}): ${reason}`);
}

/** What a run knows at a place of its recording. */
interface RunState {
  readonly correlator: CorrelatorState;
  readonly index: StoryIndexState;
  readonly carried: CarriedState;
  readonly pods: Iterable<readonly [uid: string, pod: RestoredPod]>;
}

/** A state in pieces, in the order in which they are written. */
export interface PackedState {
  /** Each is made when it is asked for, within some milliseconds. Nothing may change before the last one. */
  readonly pieces: Generator<Uint8Array>;
  /** Full pages of the index's rows: these do not change. */
  readonly pages: Iterable<Uint8Array>;
}

/** What all records so far came to. */
export function packState(
  { correlator, index, carried }: Pick<RecoveryStart, "correlator" | "index" | "carried">,
  pods: Iterable<readonly [uid: string, pod: RestoredPod]>,
  rowsInPiece?: number,
): PackedState {
  const state: RunState = { correlator: correlator.state(), index: index.state(), carried: carried.state(), pods };
  return { pieces: pack(state, rowsInPiece), pages: index.rows.fullPages() };
}

/** Where a recovery begins: with nothing, or with what was known at a place of the recording. */
export interface RecoveryStart {
  readonly correlator: Correlator;
  readonly index: StoryIndex;
  readonly carried: Carried;
  readonly pods: Map<string, RestoredPod>;
  readonly from: (RecordingMark & { readonly size: number }) | undefined;
}

/** Begins with what `saved` packed, in a correlator and an index that `make` gives; with nothing where that is of another kind. */
export function startFrom(saved: SavedState | undefined, make: () => Pick<RecoveryStart, "correlator" | "index">): RecoveryStart {
  const nothing = { ...make(), carried: new Carried(), pods: new Map<string, RestoredPod>(), from: undefined };
  if (saved === undefined) return nothing;
  const { pieces, ...mark } = saved;
  const start = { ...nothing, from: { ...mark, size: pieces.reduce((sum, { length }) => sum + length, 0) } };
  try {
    restore(saved, start);
    return start;
  } catch (error) {
    invariant(error instanceof Error, "what cannot be read again is an error");
    start.index.close();
    return startFrom(undefined, make);
  }
}

/** Reads what stands in `source` behind the start, and returns what all of it came to. */
export async function recover(source: RecordingSource, start: RecoveryStart, damage: DamageWatch): Promise<Recovery> {
  const { carried, pods, from } = start;
  const unsaid = new Unsaid();
  let segment = from === undefined ? 0 : segmentBefore(from);
  for await (const { record, position } of source.scan(from)) {
    // A reader tells damage as it comes to it; a segment that is missing shows only in the numbers.
    const isHole = record.type === "faro-recording" && record.segment !== ++segment;
    if (record.type === "faro-recording") segment = record.segment;
    if (isHole || damage.isNew()) carried.scopes.noteDamage();
    carried.forget(forgetUntil(start, record));
    if (record.type === "run" && carried.isOfAnotherCluster(record)) pods.clear();
    carried.accept(record, position);
    const parsed = parsedOf(record, isPod);
    for (const want of attribute(start, { record, position }, { parsed, unsaid })) carried.want(want);
    foldPod(start, record, parsed);
  }
  if (damage.isNew()) carried.scopes.noteDamage();
  return { carried, pods, missing: unsaid.result() };
}

/** What the stories of a recording are made of. */
type StoriesStart = Pick<RecoveryStart, "correlator" | "index">;

/** Of what `recover` finds all that stories need, and nothing that only a run needs, which goes on. */
export async function recoverStories(
  source: RecordingSource,
  start: StoriesStart,
): Promise<Pick<Recovery, "missing"> & { readonly stoppedAt: number | undefined }> {
  const unsaid = new Unsaid();
  let stoppedAt: number | undefined;
  for await (const { record, position } of source.scan()) {
    forgetUntil(start, record);
    if (record.seq > 0) stoppedAt = Math.max(stoppedAt ?? 0, isoMs(record.at));
    attribute(start, { record, position }, { parsed: parsedOf(record), unsaid });
  }
  return { missing: unsaid.result(), stoppedAt };
}

/** Takes a record; returns what was asked for because of it. */
function attribute(
  { correlator, index }: StoriesStart,
  { record, position }: RecordAt,
  { parsed, unsaid }: { readonly parsed: unknown; readonly unsaid: Unsaid },
): readonly Want[] {
  index.accept(record, position);
  const isRelating = record.type === "object" && parsed !== undefined;
  const step = correlator.accept(record, isRelating ? relationsOf(record, parsed) : undefined);
  unsaid.find(step);
  unsaid.say(record);
  return step.wants;
}

/** What is forgotten before a record is taken. */
function forgetUntil({ correlator, index }: StoriesStart, { seq, at }: FaroRecord): readonly string[] {
  if (seq === 0) return NOTHING;
  const forgotten = correlator.forgetAsRecorded(isoMs(at));
  for (const uid of forgotten) index.forget(uid);
  return forgotten;
}

const NOTHING: readonly never[] = [];

/** The segment whose header stood last in front of a place. */
function segmentBefore({ position, lines }: RecordingMark): number {
  return lines === 0 ? segmentOf(position) - 1 : segmentOf(position);
}

function restore({ pieces }: SavedState, { correlator, index, carried, pods }: RecoveryStart): void {
  // Its shape is trusted: this Faro wrote it, and its sum is right.
  const { value, rest } = unpack(pieces);
  const state = value as RunState;
  correlator.restore(state.correlator);
  index.restore(state.index, rest);
  carried.restore(state.carried);
  for (const [uid, pod] of state.pods) pods.set(uid, pod);
}

/** The object, for those that state relations and for those that are `wanted`; a late version states what is no longer so. */
function parsedOf(record: FaroRecord, isWanted?: (record: ObjectRecord) => boolean): unknown {
  if (record.type !== "object" || record.late === true || !(isWanted?.(record) === true || mayStateRelations(record)))
    return undefined;
  return JSON.parse(record.raw.toString("utf8"));
}

function foldPod({ pods, carried }: RecoveryStart, record: FaroRecord, parsed: unknown): void {
  if (record.type !== "object" || record.late === true || !isPod(record)) return;
  if (record.change === "DELETED") {
    carried.depart(record.uid, departedPod(record, parsed));
    pods.delete(record.uid);
    return;
  }
  const { summary } = stepPod(pods.get(record.uid)?.summary, record, parsed);
  const { namespace = "", name, deleting = false } = record;
  const sights = containersOf(parsed);
  const bornAt = bornBefore(sights, parsed);
  pods.set(record.uid, { namespace, name, summary, sights, isDeleting: deleting, bornAt });
}
