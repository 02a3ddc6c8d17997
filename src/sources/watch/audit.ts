/**
 * Finds what a watch left out although it stood all the time. The watch cache of an API server can lose changes and never tell
 * (k/k #123072: deletions missing for a day), and no resume point shows it. Every ten to thirty minutes the identities of a scope
 * are listed, and once the watch is past the list's version, the two must agree. What differs is read back and told.
 */
import { type Clock, compareResourceVersions } from "../../base/index.ts";
import { type ApiClient, ApiFailure } from "../../cluster/index.ts";
import { exactReader, RepairBudget } from "./exact-read.ts";
import { AUDIT_MS, REPAIR } from "./limits.ts";
import { ListRestart } from "./list.ts";
import { type Found, repair } from "./relist.ts";
import { type Difference, Snapshot } from "./snapshot.ts";
import type { KnownVersion, KnownVersions, WatchItem, WatchTarget, WireObject } from "./watch-item.ts";

export interface AuditOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly target: WatchTarget;
  readonly known: KnownVersions;
  readonly signal: AbortSignal;
  /** Tells what was found, unless it came out before, and makes it known. */
  readonly tell: (found: Found) => WatchItem | undefined;
}

export class Audit {
  readonly #options: AuditOptions;
  #snapshot: Snapshot | undefined;
  #cancelTimer: () => void = () => {};
  /** Identifies the snapshot that is being taken; one that was given up must not come back. */
  #round = 0;
  /** When and at which version list and watch agreed last. */
  #agreed: { readonly at: number; readonly version: string } = { at: 0, version: "" };
  #failure: { readonly error: unknown } | undefined;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  /** A list was complete: from here on the watch alone is trusted, until the next audit. */
  agree(resourceVersion: string): void {
    const { clock, signal } = this.#options;
    this.stop();
    this.#agreed = { at: clock.now(), version: resourceVersion };
    if (signal.aborted || compareResourceVersions(resourceVersion, resourceVersion) === undefined) return;
    const ms = AUDIT_MS.least + clock.random() * (AUDIT_MS.most - AUDIT_MS.least);
    const round = this.#round;
    this.#cancelTimer = clock.after(ms, () => void this.#take(round));
  }

  /** Gives up what is under way. */
  stop(): void {
    this.#cancelTimer();
    this.#snapshot = undefined;
    this.#round++;
  }

  noteDeletion(uid: string): void {
    this.#snapshot?.noteDeletion(uid);
  }

  /** Whether `check` has anything to do at `at`: nearly always it has not. */
  isDue(at: string, isBookmark: boolean): boolean {
    return this.#failure !== undefined || this.#snapshotBefore(at, isBookmark) !== undefined;
  }

  #snapshotBefore(at: string, isBookmark: boolean): Snapshot | undefined {
    const snapshot = this.#snapshot;
    if (snapshot === undefined || snapshot.resourceVersion === "") return undefined;
    const order = compareResourceVersions(at, snapshot.resourceVersion) ?? -1;
    return order < (isBookmark ? 0 : 1) ? undefined : snapshot;
  }

  /** To be called when the watch has come to `at`. `isBookmark`: everything up to there was told. */
  async *check(at: string, isBookmark: boolean): AsyncGenerator<WatchItem> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const snapshot = this.#snapshotBefore(at, isBookmark);
    if (snapshot === undefined) return;
    const { known } = this.#options;
    const differences = snapshot.differences(known);
    const { at: since, version: fromVersion } = this.#agreed;
    const toVersion = snapshot.resourceVersion;
    const takenAt = snapshot.at;
    this.agree(toVersion);
    if (differences.length === 0) return;
    const names = differences.slice(0, 5).map(({ known: seen, listed }) => (listed ?? seen)?.name ?? "");
    const detail = `${differences.length} objects differ from a list at ${toVersion}: ${names.join(", ")}`;
    yield { item: "incident", what: "the watch left changes out", detail };
    for (const found of await this.#repair(differences, toVersion)) {
      const item = this.#options.tell(found);
      if (item !== undefined) yield item;
    }
    yield { item: "missed", since, at: takenAt, fromVersion, toVersion, changes: differences.length, detail };
  }

  async #take(round: number): Promise<void> {
    const { signal } = this.#options;
    const snapshot = new Snapshot();
    this.#snapshot = snapshot;
    try {
      await snapshot.take(this.#options);
    } catch (error) {
      const isExpected = error instanceof ApiFailure || error instanceof ListRestart || signal.aborted;
      if (!isExpected) this.#failure = { error };
      // The server has other worries; the watch goes on, and the next audit finds what this one would have.
      else if (this.#round === round && !signal.aborted) this.#again();
    }
  }

  /** The same point of agreement, another time. */
  #again(): void {
    const agreed = this.#agreed;
    this.agree(agreed.version);
    this.#agreed = agreed;
  }

  async #repair(differences: readonly Difference[], at: string): Promise<readonly Found[]> {
    const { client, target, signal } = this.#options;
    const reader = exactReader(client, target, { budget: new RepairBudget(REPAIR), signal });
    const known = new Map<string, KnownVersion>();
    const objects = new Map<string, WireObject>();
    for (const { uid, known: seen, listed } of differences) {
      if (seen !== undefined) known.set(uid, seen);
      if (listed === undefined) continue;
      const answer = await reader.nameAt(at, listed);
      const object = answer.read === "state" ? answer.items.find((item) => item.uid === uid) : undefined;
      // Without the object nothing can be told but that it is missing; it must not pass for deleted.
      if (object === undefined) known.delete(uid);
      else objects.set(uid, object);
    }
    const { found } = await repair(reader, { target, since: undefined, known, resourceVersion: at, objects, bytes: 0 });
    return found;
  }
}
