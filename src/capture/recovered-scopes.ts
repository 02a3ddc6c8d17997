/**
 * What a recording says of the scopes that earlier runs watched: the last versions, where the watch can go on, up to
 * when it was covered, and which gap is still open. Folded from the records in the order of writing.
 */
import { LongList, unreachable } from "../base/index.ts";
import type { CheckpointRecord, FaroRecord, GapRecord, ObjectRecord, ScopeId, ScopeRecord } from "../record/index.ts";
import { type KnownVersion, type KnownVersions, versionKey } from "../sources/index.ts";
import type { Mark } from "./progress.ts";
import { type RecordedVersion, RecordedVersions } from "./recorded-versions.ts";
import type { OpenGap } from "./scope-ledger.ts";

/** One scope as the earlier runs left it. */
export interface RecoveredScope {
  /** Last version of each live object, by uid. */
  readonly known: KnownVersions;
  /** Where the watch can go on; `undefined`: it has to list. */
  readonly mark: Mark | undefined;
  /** Versions that are recorded although they may lie above `mark`: the server will send them again. */
  readonly recorded: ReadonlySet<string>;
  /** Milliseconds since 1970 up to which nothing is missing outside of gaps. */
  readonly coveredTo: number;
  /** The gap that no list has closed yet. */
  readonly openGap: OpenGap | undefined;
}

/** Written over by each version: a new one for each outlived the collections of young garbage. */
type Known = { -readonly [Member in keyof KnownVersion]: KnownVersion[Member] };

interface Entry {
  readonly known: Map<string, Known>;
  mark: Mark | undefined;
  readonly recorded: RecordedVersions;
  coveredTo: number;
  openGap: GapRecord | undefined;
  isListed: boolean;
  isRunning: boolean;
  /** False from damage in front of here until the next list: what was lost there, no resumed watch would show. */
  isTrusted: boolean;
}

export interface RecoveredScopesState {
  readonly entries: readonly EntryState[];
  readonly isDamaged: boolean;
}

type EntryState = Omit<Entry, "known" | "recorded"> & {
  readonly scope: ScopeId;
  readonly known: Iterable<EntryOf<KnownVersions>>;
  readonly recorded: Iterable<RecordedVersion>;
};
type EntryOf<M> = M extends ReadonlyMap<infer K, infer V> ? readonly [K, V] : never;

export class RecoveredScopes {
  readonly #entries = new Map<ScopeId, Entry>();
  #isDamaged = false;

  /** To be gone over before anything changes: parts of it are its own. */
  state(): RecoveredScopesState {
    const entries = Array.from(this.#entries, ([scope, entry]) => {
      return { ...entry, scope, known: new LongList(entry.known), recorded: new LongList(entry.recorded) };
    });
    return { entries, isDamaged: this.#isDamaged };
  }

  restore({ entries, isDamaged }: RecoveredScopesState): void {
    for (const { scope, known, recorded, ...entry } of entries)
      this.#entries.set(scope, { ...entry, known: new Map(known), recorded: new RecordedVersions(recorded) });
    this.#isDamaged = isDamaged;
  }

  accept(record: FaroRecord): void {
    switch (record.type) {
      case "object":
        this.#acceptObject(this.#entry(record.scope, record.at), record);
        return;
      case "scope":
        this.#acceptScope(this.#entry(record.scope, record.at), record);
        return;
      case "gap":
        this.#acceptGap(record);
        return;
      case "checkpoint":
        this.#acceptCheckpoint(record);
        return;
      case "run":
        if (record.goesOn === true) return;
        for (const entry of this.#entries.values()) entry.isRunning = false;
        return;
      case "faro-recording":
      case "lifecycle":
      case "log-stream":
      case "log":
      case "log-end":
      case "story":
      case "attribution":
      case "relation":
      case "incident":
      case "seal":
        return;
      default:
        unreachable(record);
    }
  }

  /** A part of the recording cannot be read: versions may have stood there that no checkpoint behind it speaks of. */
  noteDamage(): void {
    this.#isDamaged = true;
    for (const entry of this.#entries.values()) {
      entry.mark = undefined;
      entry.isTrusted = false;
    }
  }

  /** Another cluster: its versions say nothing about the objects of this one. */
  clear(): void {
    this.#entries.clear();
  }

  /** The caller's own. */
  result(): ReadonlyMap<ScopeId, RecoveredScope> {
    return new Map(
      [...this.#entries].map(([scope, { known, mark, recorded, coveredTo, openGap }]) => [
        scope,
        {
          known: new Map(Array.from(known, ([uid, version]) => [uid, { ...version }])),
          mark,
          recorded: new Set(Array.from(recorded, (each) => versionKey(each.uid, each.resourceVersion, each.isDeleted))),
          coveredTo,
          openGap: openGap === undefined ? undefined : asOpen(openGap),
        },
      ]),
    );
  }

  #entry(scope: ScopeId, at: string): Entry {
    const known = this.#entries.get(scope);
    if (known !== undefined) return known;
    const entry: Entry = {
      known: new Map(),
      mark: undefined,
      recorded: new RecordedVersions(),
      // Until its first list nothing of a scope is covered: a run that dies before it leaves a gap from here.
      coveredTo: Date.parse(at),
      openGap: undefined,
      isListed: false,
      isRunning: true,
      isTrusted: !this.#isDamaged,
    };
    this.#entries.set(scope, entry);
    return entry;
  }

  #acceptObject(entry: Entry, record: ObjectRecord): void {
    const { uid, resourceVersion, name, namespace } = record;
    const isDeleted = record.change === "DELETED";
    const known = isDeleted ? undefined : entry.known.get(uid);
    if (isDeleted) entry.known.delete(uid);
    else if (known === undefined || known.name !== name || known.namespace !== namespace)
      entry.known.set(uid, { resourceVersion, name, namespace });
    else known.resourceVersion = resourceVersion;
    entry.recorded.push(record.seq, uid, resourceVersion, isDeleted);
  }

  #acceptScope(entry: Entry, record: ScopeRecord): void {
    switch (record.state) {
      case "opened":
        entry.isRunning = true;
        return;
      case "synced":
      case "recovered":
        entry.isListed = true;
        if (record.state === "synced") entry.isTrusted = true;
        entry.coveredTo = Date.parse(record.at);
        return;
      case "closed":
        if (entry.isRunning && entry.isListed && entry.openGap === undefined) entry.coveredTo = Date.parse(record.at);
        entry.isRunning = false;
        return;
      case "degraded":
        return;
      default:
        unreachable(record.state);
    }
  }

  #acceptGap(record: GapRecord): void {
    const entry = this.#entries.get(record.scope);
    if (entry === undefined || record.uid !== undefined) return;
    if (record.state === "opened") {
      entry.openGap = record;
      return;
    }
    if (entry.openGap?.gap !== record.gap) return;
    entry.openGap = undefined;
    if (record.to !== undefined) entry.coveredTo = Date.parse(record.to);
    // With a version: the scope was listed.
    if (record.toVersion !== undefined) entry.isTrusted = true;
  }

  #acceptCheckpoint({ scopes, coveredTo, interrupted = [] }: CheckpointRecord): void {
    for (const [scope, entry] of this.#entries) {
      if (entry.isRunning && entry.isListed && entry.openGap === undefined && !interrupted.includes(scope))
        entry.coveredTo = Math.max(entry.coveredTo, Date.parse(coveredTo));
    }
    for (const { scope, resourceVersion, upTo } of scopes) {
      const entry = this.#entries.get(scope);
      if (entry === undefined) continue;
      entry.mark = resourceVersion === undefined || !entry.isTrusted ? undefined : { resourceVersion, upTo };
      // A run that was killed may have recorded what lies above a mark that the next one has got to.
      entry.recorded.keepAbove(upTo, resourceVersion);
    }
  }
}

function asOpen(record: GapRecord): OpenGap {
  const { gap, cause, detail = "", from, fromVersion } = record;
  return { id: gap, cause, detail, from: Date.parse(from), fromVersion };
}
