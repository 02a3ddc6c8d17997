/**
 * What an earlier run in the same output directory left: the recording is read once and everything that a running
 * capture keeps in memory is made again from it, so that nothing is recorded twice and no story is cut in two.
 */
import { basename } from "node:path";
import type { Damage } from "../archive/index.ts";
import { positionOf } from "../record/index.ts";
import type {
  RecordingSource,
  FaroRecord,
  Position,
  AttributionRecord,
  RelationRecord,
  ScopeId,
  StoryRecord,
} from "../record/index.ts";
import { type Correlator, type Want } from "../correlate/index.ts";
import { type LogRedactionState, mayStateRelations, relationsOf, stepPod } from "../normalise/index.ts";
import { containersOf, type RecordedLog } from "../sources/index.ts";
import type { StoryIndex } from "../story/index.ts";
import { type DepartedPod, UnreadLogs } from "./departed-pods.ts";
import { bornBefore, isPod, type RestoredPod } from "./pods.ts";
import { RecordedLogs } from "./recorded-logs.ts";
import { type RecoveredScope, RecoveredScopes } from "./recovered-scopes.ts";

/** State recovered from a recording; empty maps for a new one. */
export interface Recovery {
  /** What earlier runs left of each scope that they watched. */
  readonly scopes: ReadonlyMap<ScopeId, RecoveredScope>;
  readonly lastVersions: Map<string, Position>;
  readonly pods: Map<string, RestoredPod>;
  readonly logs: Map<string, RecordedLog>;
  readonly redactions: Map<string, LogRedactionState>;
  readonly wantedPods: Set<string>;
  /** Deleted pods of stories whose logs were not read to the end, by uid. */
  readonly departedPods: ReadonlyMap<string, DepartedPod>;
  /** Kinds and owners that the records ask for. */
  readonly wants: Want[];
  /** Cluster of the earlier run. */
  readonly clusterId: string | undefined;
  readonly epoch: number;
  /** Milliseconds since 1970 of the latest record, when there was an earlier run. */
  readonly stoppedAt: number | undefined;
  readonly gaps: number;
  /** What the correlator found on reading that the recording does not say yet: a crash came between. */
  readonly missing: readonly (Unstamped<AttributionRecord> | Unstamped<RelationRecord> | Unstamped<StoryRecord>)[];
  readonly records: number;
}

/** A recovery while it is made. */
type Draft = { -readonly [K in keyof Recovery]: Recovery[K] };

type Unstamped<T> = Omit<T, "seq" | "at">;

interface Reading {
  readonly scopes: RecoveredScopes;
  readonly logs: RecordedLogs;
  readonly unread: UnreadLogs;
  /** Pods of stories, deleted ones included. */
  readonly podsOfStories: Set<string>;
  readonly attributed: Map<string, string>;
  readonly derived: Map<string, Unstamped<AttributionRecord>>;
  /** By object, story and proof. */
  readonly related: Map<string, RelationRecord["state"]>;
  readonly derivedRelations: Map<string, Unstamped<RelationRecord>>;
  readonly stories: Map<string, Unstamped<StoryRecord> | "recorded">;
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

export interface RecoverInto {
  readonly correlator: Correlator;
  readonly index: StoryIndex;
  /** Told by the source as it comes to damage. */
  readonly damage: DamageWatch;
}

/** Reads `source` into `correlator` and `index` and returns the rest of the state. */
export async function recover(source: RecordingSource, { correlator, index, damage }: RecoverInto): Promise<Recovery> {
  const state: Draft = {
    scopes: new Map(),
    lastVersions: new Map(),
    pods: new Map(),
    logs: new Map(),
    redactions: new Map(),
    wantedPods: new Set(),
    departedPods: new Map(),
    wants: [],
    clusterId: undefined,
    epoch: 0,
    stoppedAt: undefined,
    gaps: 0,
    missing: [],
    records: 0,
  };
  const reading: Reading = {
    scopes: new RecoveredScopes(),
    logs: new RecordedLogs(),
    unread: new UnreadLogs(),
    podsOfStories: new Set(),
    attributed: new Map(),
    derived: new Map(),
    related: new Map(),
    derivedRelations: new Map(),
    stories: new Map(),
  };
  let segment = 0;
  for await (const { record, position } of source.scan()) {
    state.records++;
    // A reader tells damage as it comes to it; a segment that is missing shows only in the numbers.
    const isHole = record.type === "faro-recording" && record.segment !== ++segment;
    if (record.type === "faro-recording") segment = record.segment;
    if (isHole || damage.isNew()) reading.scopes.noteDamage();
    reading.scopes.accept(record);
    state.stoppedAt = Math.max(state.stoppedAt ?? 0, Date.parse(record.at));
    index.accept(record, position);
    const parsed = parsedOf(record);
    const isRelating = record.type === "object" && parsed !== undefined;
    const step = correlator.accept(record, isRelating ? relationsOf(record, parsed) : undefined);
    for (const want of step.wants) {
      if (want.want !== "logs") state.wants.push(want);
      else {
        state.wantedPods.add(want.podUid);
        reading.podsOfStories.add(want.podUid);
      }
    }
    for (const draft of step.records) {
      if (draft.type === "attribution") reading.derived.set(draft.uid, draft);
      else if (draft.type === "relation") reading.derivedRelations.set(relationKey(draft), draft);
      else if (draft.type === "story" && draft.state === "opened" && !reading.stories.has(draft.story))
        reading.stories.set(draft.story, draft);
    }
    foldRecord(state, reading, { record, parsed, position });
  }
  if (damage.isNew()) reading.scopes.noteDamage();
  state.scopes = reading.scopes.result();
  state.logs = reading.logs.logs();
  state.redactions = reading.logs.redactions();
  state.departedPods = reading.unread.result(reading.podsOfStories, state.logs);
  state.missing = [
    ...[...reading.stories.values()].filter((draft) => draft !== "recorded"),
    ...[...reading.derived.values()].filter(
      ({ uid, stories, relation }) => reading.attributed.get(uid) !== attributionText(stories, relation),
    ),
    ...[...reading.derivedRelations]
      .filter(([key, { state: last }]) => reading.related.get(key) !== last)
      .map(([, draft]) => draft),
  ];
  return state;
}

/** The object, for those that state relations and for pods. */
function parsedOf(record: FaroRecord): unknown {
  if (record.type !== "object" || !(isPod(record) || mayStateRelations(record))) return undefined;
  return JSON.parse(record.raw.toString("utf8"));
}

function foldRecord(
  state: Draft,
  reading: Reading,
  { record, parsed, position }: { readonly record: FaroRecord; readonly parsed: unknown; readonly position: Position },
): void {
  switch (record.type) {
    case "run":
      if (record.clusterId !== undefined && state.clusterId !== undefined && record.clusterId !== state.clusterId)
        forgetCluster(state, reading);
      state.clusterId = record.clusterId ?? state.clusterId;
      state.epoch = Math.max(state.epoch, record.epoch);
      return;
    case "object": {
      // Its object has moved on: a late version changes no state.
      if (record.late === true) return;
      if (record.change === "DELETED") state.lastVersions.delete(record.uid);
      else state.lastVersions.set(record.uid, position);
      if (!isPod(record)) return;
      reading.unread.accept(record, parsed);
      if (record.change === "DELETED") {
        state.pods.delete(record.uid);
        state.wantedPods.delete(record.uid);
        return;
      }
      const { summary } = stepPod(state.pods.get(record.uid)?.summary, record, parsed);
      const { namespace = "", name, deleting = false } = record;
      const sights = containersOf(parsed);
      const bornAt = bornBefore(sights, parsed);
      state.pods.set(record.uid, { namespace, name, summary, sights, isDeleting: deleting, bornAt });
      return;
    }
    case "log-stream":
    case "log":
    case "log-end":
      reading.logs.accept(record);
      return;
    case "gap":
      reading.unread.accept(record, undefined);
      state.gaps++;
      return;
    case "story":
      reading.stories.set(record.story, "recorded");
      return;
    case "attribution":
      reading.attributed.set(record.uid, attributionText(record.stories, record.relation));
      return;
    case "relation":
      reading.related.set(relationKey(record), record.state);
      return;
    default:
      return;
  }
}

function relationKey({ uid, story, relation }: Pick<RelationRecord, "uid" | "story" | "relation">): string {
  return `${uid} ${story} ${relation}`;
}

/** Another cluster: its versions say nothing about the objects of this one. */
function forgetCluster(state: Draft, reading: Reading): void {
  reading.scopes.clear();
  reading.podsOfStories.clear();
  state.lastVersions.clear();
  state.pods.clear();
}

function attributionText(stories: readonly string[], relation: string): string {
  return `${stories.join(",")} ${relation}`;
}
