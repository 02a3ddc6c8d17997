/**
 * The list phase of a watch: reads the state of the scope, finds what lies between it and what was known, and tells both. A
 * first list passes through page by page; any other is compared as a whole, since what is missing shows only at its end.
 */
import type { Clock } from "../../base/index.ts";
import { type ApiClient, ApiFailure } from "../../cluster/index.ts";
import { exactReader, RepairBudget } from "./exact-read.ts";
import { REPAIR } from "./limits.ts";
import { listPages } from "./list.ts";
import { type OpenWatch, openWatch } from "./open-watch.ts";
import { readAhead } from "./read-ahead.ts";
import { wentBack } from "./regression.ts";
import { type Found, repair } from "./relist.ts";
import type { SessionMemory } from "./session.ts";
import type { Sightings } from "./sightings.ts";
import type { KnownVersions, VanishedBecause, WatchItem, WatchTarget, WireObject } from "./watch-item.ts";
import { isOlder } from "./version-order.ts";
import { streamState } from "./watch-list.ts";
import type { ResumePoint } from "./watch-line.ts";
import { type Before, lost } from "./watch-state.ts";

export interface ListerOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly target: WatchTarget;
  readonly known: KnownVersions;
  readonly sightings: Sightings;
  readonly signal: AbortSignal;
  readonly hurry: AbortSignal | undefined;
  readonly memory: Pick<SessionMemory, "hasBookmarks">;
}

/** Where the watch goes on. */
export interface Listed {
  readonly resume: ResumePoint;
  /** The watch, when it stands already. */
  readonly opened?: OpenWatch;
  /** Why it does not, when it was asked for. */
  readonly refused?: ApiFailure;
}

/** A whole list. */
interface State {
  readonly resourceVersion: string;
  readonly objects: ReadonlyMap<string, WireObject>;
  readonly bytes: number;
  /** Wall clock in ms at which it was here. */
  readonly at: number;
}

export class Lister {
  readonly #options: ListerOptions;

  constructor(options: ListerOptions) {
    this.#options = options;
  }

  /** @throws ListRestart, ApiFailure */
  async *list(how: { readonly before: Before; readonly whole: boolean }): AsyncGenerator<WatchItem, Listed> {
    if (how.before.before === "nothing") return yield* this.#first(how.whole);
    const state = yield* this.#read(how.whole);
    return yield* this.#compared(how.before, state, await this.#openFrom({ resourceVersion: state.resourceVersion }));
  }

  /** The same, by a watch that sends the state first. @throws ApiFailure */
  async *stream(before: Before): AsyncGenerator<WatchItem, Listed> {
    const { client, clock, target, signal } = this.#options;
    const { opened, ...streamed } = await streamState({ client, clock, target, signal });
    const resume = { resourceVersion: streamed.resourceVersion };
    return yield* this.#compared(before, { ...streamed, at: clock.now() }, { resume, opened });
  }

  /** Tells what the list says while the watch behind it is read already. */
  async *#compared(before: Before, state: State, { opened, ...rest }: Listed): AsyncGenerator<WatchItem, Listed> {
    const listed: Listed = opened === undefined ? rest : { ...rest, opened: withReadAhead(opened) };
    try {
      if (before.before === "nothing") {
        for (const object of state.objects.values()) yield* this.#show(object, "list");
        yield* this.#beginning(state.resourceVersion, state.objects.size, state.objects.size);
      } else yield* this.#compare(before, state);
    } catch (error) {
      opened?.close();
      throw error;
    }
    return listed;
  }

  /**
   * The watch that goes on from the list. Reading a gap back takes time, in which the history behind the list can be compacted,
   * too. What keeps it from opening is a failure of the watch, and nobody is asked twice.
   */
  async #openFrom(resume: ResumePoint): Promise<Listed> {
    const { client, clock, target, signal, memory } = this.#options;
    if (!target.resource.verbs.includes("watch")) return { resume };
    try {
      const { hasBookmarks } = memory;
      return { resume, opened: await openWatch({ client, clock, target, signal, hasBookmarks }, resume) };
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      return { resume, refused: error };
    }
  }

  /** Tells that every known object is gone. */
  *endAll(because: VanishedBecause): Generator<WatchItem> {
    const { known } = this.#options;
    for (const [uid, version] of known) {
      known.delete(uid);
      yield { item: "vanished", uid, known: version, because, observedBy: "relist", isFinalState: false };
    }
  }

  /** Tells one change that was found otherwise than by the watch, unless it came out before, and makes it known. */
  tell(found: Found, by: "relist" | "audit"): WatchItem | undefined {
    const { known, sightings } = this.#options;
    if (found.found === "vanished") {
      const { uid, known: last, isFinalState, after, by: gone } = found;
      if (!known.delete(uid)) return undefined;
      return {
        item: "vanished",
        uid,
        known: { resourceVersion: last.resourceVersion, name: last.name, namespace: last.namespace },
        because: "not-listed",
        observedBy: by,
        isFinalState,
        ...(after === undefined ? {} : { after }),
        ...(gone === undefined ? {} : { by: gone }),
      };
    }
    const { object } = found;
    if (sightings.isSeen(object.uid, object.resourceVersion, false)) return undefined;
    const change = found.change ?? (known.has(object.uid) ? "MODIFIED" : "ADDED");
    const isLate = sightings.isBehind(object);
    sightings.note(object);
    const observedBy = by === "audit" ? "audit" : found.observedBy;
    return { item: "object", change, observedBy, object, ...(isLate ? { isLate } : {}) };
  }

  async *#first(whole: boolean): AsyncGenerator<WatchItem, Listed> {
    const { client, target, signal } = this.#options;
    const seen = new Set<string>();
    let resourceVersion = "";
    let changes = 0;
    for await (const page of listPages(client, target, { whole, signal })) {
      resourceVersion = page.resourceVersion;
      for (const object of page.items) {
        seen.add(object.uid);
        for (const item of this.#show(object, "list")) {
          changes++;
          yield item;
        }
      }
      if (page.unidentified > 0) yield unidentified(page.unidentified);
    }
    // Shown by an earlier try of this list that broke off.
    for (const [uid, version] of [...this.#options.known].filter(([known]) => !seen.has(known))) {
      const item = this.tell({ found: "vanished", uid, known: version, isFinalState: false, by: resourceVersion }, "relist");
      if (item !== undefined) yield item;
    }
    yield* this.#beginning(resourceVersion, seen.size, changes);
    return { resume: { resourceVersion } };
  }

  *#beginning(resourceVersion: string, objects: number, changes: number): Generator<WatchItem> {
    this.#options.sightings.beginAt(resourceVersion);
    const at = this.#options.clock.now();
    yield { item: "listed", resourceVersion, at, objects, changes, relist: false, repaired: "none", isWhole: false };
  }

  /** An object of a list, unless this version of it was shown before. */
  *#show(object: WireObject, observedBy: "list" | "relist"): Generator<WatchItem> {
    const { known, sightings } = this.#options;
    const last = known.get(object.uid)?.resourceVersion;
    if (last === object.resourceVersion || (last !== undefined && isOlder(object.resourceVersion, last))) return;
    sightings.note(object);
    yield { item: "object", change: "LISTED", observedBy, object };
  }

  /** The whole list. Of an object that a broken server lists twice the newer version counts. */
  async *#read(whole: boolean): AsyncGenerator<WatchItem, State> {
    const { client, clock, target, signal } = this.#options;
    const objects = new Map<string, WireObject>();
    let resourceVersion = "";
    let bytes = 0;
    let twice = 0;
    for await (const page of listPages(client, target, { whole, signal })) {
      resourceVersion = page.resourceVersion;
      bytes += page.bytes;
      for (const object of page.items) {
        const other = objects.get(object.uid);
        if (other !== undefined) twice++;
        if (other === undefined || isOlder(other.resourceVersion, object.resourceVersion)) objects.set(object.uid, object);
      }
      if (page.unidentified > 0) yield unidentified(page.unidentified);
    }
    if (twice > 0) yield { item: "incident", what: "object listed twice", detail: `${twice} items of a list` };
    return { resourceVersion, objects, bytes, at: clock.now() };
  }

  async *#compare(before: Before, state: State): AsyncGenerator<WatchItem> {
    const { known } = this.#options;
    const other = before.before === "other-history" ? before.why : this.#regression(before, state);
    if (other !== undefined) {
      const since = before.before === "state" ? before.since : undefined;
      if (since !== undefined) yield lost("history-replaced", since, other);
      yield { item: "epoch", detail: other };
      yield* this.#startAgain(state);
      return;
    }
    if (before.before === "removed") yield { item: "epoch", detail: "the kind is served again" };
    const { client, target, signal, hurry } = this.#options;
    const reader = exactReader(client, target, { budget: new RepairBudget(REPAIR), signal, hurry });
    const since = before.before === "state" ? before.since : undefined;
    const changes = countChanges(known, state.objects);
    const found = await repair(reader, { target, since, known, ...state });
    for (const change of found.found) {
      const item = this.tell(change, "relist");
      if (item !== undefined) yield item;
    }
    const { resourceVersion, objects, at } = state;
    const { repaired, isWhole, provenAfter } = found;
    yield {
      item: "listed",
      resourceVersion,
      at,
      objects: objects.size,
      changes: Math.max(changes, found.found.length),
      relist: true,
      repaired,
      isWhole,
      ...(provenAfter === undefined ? {} : { provenAfter }),
    };
  }

  /** Says why the list belongs to another history than what is known, if it does. */
  #regression(before: Before, state: State): string | undefined {
    const since = before.before === "state" ? before.since?.resourceVersion : undefined;
    const why = since === undefined ? undefined : wentBack(state.resourceVersion, since);
    if (why !== undefined) return why;
    for (const { resourceVersion } of this.#options.known.values()) {
      const gone = wentBack(state.resourceVersion, resourceVersion);
      if (gone !== undefined) return gone;
    }
    return undefined;
  }

  /** Nothing that is known can be trusted, not even that the same version means the same: the whole list is told. */
  *#startAgain(state: State): Generator<WatchItem> {
    const { known, sightings } = this.#options;
    const before = new Map(known);
    for (const [uid, version] of before) {
      if (state.objects.has(uid)) continue;
      yield { item: "vanished", uid, known: version, because: "history-replaced", observedBy: "relist", isFinalState: false };
    }
    known.clear();
    sightings.forget();
    for (const object of state.objects.values()) yield* this.#show(object, "relist");
    const { resourceVersion, objects, at } = state;
    yield {
      item: "listed",
      resourceVersion,
      at,
      objects: objects.size,
      changes: Math.max(1, countChanges(before, objects)),
      relist: true,
      repaired: "none",
      isWhole: false,
    };
  }
}

function withReadAhead(opened: OpenWatch): OpenWatch {
  return { ...opened, response: { ...opened.response, body: readAhead(opened.response.body) } };
}

function countChanges(known: KnownVersions, objects: ReadonlyMap<string, WireObject>): number {
  let changes = 0;
  for (const uid of known.keys()) if (!objects.has(uid)) changes++;
  for (const { uid, resourceVersion } of objects.values()) if (known.get(uid)?.resourceVersion !== resourceVersion) changes++;
  return changes;
}

function unidentified(items: number): WatchItem {
  return { item: "incident", what: "object without identity", detail: `${items} items of a list` };
}
