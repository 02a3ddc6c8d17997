/**
 * Watches one scope for ever: list, watch from the list's version, resume after every end, relist only when
 * history is gone. Every version that the server sends comes out once, in order; every moment at which one
 * may have been missed comes out as `lost`. It never gives up: what fails is retried, and said.
 */
import { type Clock, unreachable, pause } from "../../base/index.ts";
import { type ApiClient, ApiFailure } from "../../cluster/index.ts";
import { Backoff } from "../backoff.ts";
import { Audit } from "./audit.ts";
import { POLL_MS, RELIST_CALM_MS, RELIST_LEAST_MS, VERY_SHORT_MS } from "./limits.ts";
import { ListRestart } from "./list.ts";
import { Lister } from "./lister.ts";
import { openWatch } from "./open-watch.ts";
import { findRegression } from "./regression.ts";
import { Session, type SessionMemory } from "./session.ts";
import { SliceMemory } from "./slices.ts";
import { Sightings } from "./sightings.ts";
import type { KnownVersions, WatchItem, WatchTarget } from "./watch-item.ts";
import type { ResumePoint } from "./watch-line.ts";
import {
  afterFailure,
  afterSession,
  type Before,
  type Decision,
  lost,
  otherHistory,
  POLLED,
  type Streaks,
  type WatchState,
} from "./watch-state.ts";

export interface WatchOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly target: WatchTarget;
  readonly known: KnownVersions;
  /** Where to go on without a list: the end of an earlier run. */
  readonly resume?: ResumePoint;
  /** Versions above `resume` that an earlier run recorded, as `versionKey` names them: the server will send them again. */
  readonly recorded?: ReadonlySet<string>;
  /** What versions of an object have in common; one of its own unless given. */
  readonly slices?: SliceMemory;
  /**
   * Takes a version that a watch tells, in its turn, so that it is not yielded; false when it must be. A turn of three generators for
   * each version is an eighth of recording an Event (`watch-events` in `bench/`).
   */
  readonly take?: (item: WatchItem) => boolean;
  /** The kind began to be served while Faro ran: what the first list shows has a past that was not seen. */
  readonly isLate?: boolean;
  /**
   * Aborts when nobody waits for a gap to be read back any longer, and with the watch: what the list shows is told then, and what was
   * read by then.
   */
  readonly hurry?: AbortSignal;
}

/** Yields everything that happens in one scope until `signal` aborts. Throws only what is a bug. */
export async function* watchResource(options: WatchOptions, signal: AbortSignal): AsyncGenerator<WatchItem> {
  const watcher = new Watcher(options, signal);
  let state: WatchState = initialState(options);
  try {
    while (!signal.aborted) {
      try {
        state = yield* watcher.run(state);
      } catch (error) {
        if (signal.aborted) return;
        state = yield* watcher.recover(state, error);
      }
    }
  } finally {
    watcher.end();
  }
}

function initialState({ target, resume, known, isLate }: WatchOptions): WatchState {
  const before: Before = known.size > 0 || isLate === true ? { before: "state" } : { before: "nothing" };
  if (!target.resource.verbs.includes("watch")) return { phase: "polling", before };
  return resume === undefined ? { phase: "listing", whole: false, before } : { phase: "watching", resume };
}

class Watcher {
  readonly #options: WatchOptions;
  readonly #signal: AbortSignal;
  readonly #backoff: Backoff;
  readonly #sightings: Sightings;
  readonly #lister: Lister;
  readonly #audit: Audit;
  readonly #memory: SessionMemory;
  #forbiddenWatches = 0;
  #shortWatches = 0;
  #notServedSince: number | undefined;
  #isStreamingRefused = false;
  /** When the last list was complete, in monotonic ms. */
  #listedAt = Number.NEGATIVE_INFINITY;
  #hurriedLists = 0;

  constructor(options: WatchOptions, signal: AbortSignal) {
    const { client, clock, target, known, hurry } = options;
    this.#options = options;
    this.#signal = signal;
    this.#backoff = new Backoff(clock);
    this.#sightings = new Sightings(known, options.recorded);
    this.#memory = {
      hasBookmarks: false,
      undecodable: 0,
      progressAt: clock.monotonic(),
      probedAt: -Infinity,
      slices: options.slices ?? new SliceMemory(),
    };
    this.#lister = new Lister({ client, clock, target, known, sightings: this.#sightings, signal, hurry, memory: this.#memory });
    this.#audit = new Audit({ client, clock, target, known, signal, tell: (found) => this.#lister.tell(found, "audit") });
  }

  run(state: WatchState): AsyncGenerator<WatchItem, WatchState> {
    switch (state.phase) {
      case "listing":
      case "streaming":
        return this.#list(state);
      case "watching":
        return this.#watch(state);
      case "probing":
        return this.#probe(state.resume);
      case "polling":
        return this.#poll(state.before);
      default:
        return unreachable(state);
    }
  }

  end(): void {
    this.#audit.stop();
  }

  /** Says what went wrong, waits, and names the state to go on from. */
  async *recover(state: WatchState, error: unknown): AsyncGenerator<WatchItem, WatchState> {
    if (error instanceof ListRestart) {
      yield { item: "incident", what: "list restarted", detail: error.message };
      if (state.phase !== "listing") return state;
      // What an unfinished first list gave out is known now, and may be gone before the next begins.
      const isBegun = state.before.before === "nothing" && this.#options.known.size > 0;
      return { phase: "listing", whole: true, before: isBegun ? { before: "state" } : state.before };
    }
    if (!(error instanceof ApiFailure)) throw error;
    return yield* this.#do(afterFailure(state, error, this.#streaksWith(state, error)));
  }

  async *#do(decision: Decision): AsyncGenerator<WatchItem, WatchState> {
    if (decision.isRemoved === true) yield* this.#lister.endAll("resource-removed");
    yield* decision.items;
    const { waitMs, isAway } = decision;
    if (waitMs !== undefined) await this.#pause(isAway === true ? this.#backoff.away(waitMs) : this.#backoff.failed(waitMs));
    return decision.next;
  }

  #streaksWith(state: WatchState, error: ApiFailure): Streaks {
    const { failure } = error;
    const status = failure.kind === "http" ? failure.status : 0;
    const now = this.#options.clock.monotonic();
    if (status === 404) this.#notServedSince ??= now;
    else if (status !== 0) this.#notServedSince = undefined;
    if (status === 403 && state.phase === "watching") this.#forbiddenWatches++;
    if (state.phase === "streaming" && (status === 422 || status === 400)) this.#isStreamingRefused = true;
    return {
      undecodable: this.#memory.undecodable,
      shortWatches: this.#shortWatches,
      notServedMs: this.#notServedSince === undefined ? 0 : now - this.#notServedSince,
      forbiddenWatches: this.#forbiddenWatches,
      isStreamingRefused: this.#isStreamingRefused,
    };
  }

  async *#list(state: Extract<WatchState, { phase: "listing" | "streaming" }>): AsyncGenerator<WatchItem, WatchState> {
    this.#audit.stop();
    const { before } = state;
    const isSoon = this.#options.clock.monotonic() - this.#listedAt < RELIST_CALM_MS;
    this.#hurriedLists = isSoon ? this.#hurriedLists + 1 : 0;
    // One list behind another is how lost history is made good; one more, and the server refuses the version of its own lists.
    if (this.#hurriedLists > 1) await this.#pause(this.#backoff.failed(RELIST_LEAST_MS));
    const listed =
      state.phase === "streaming" ? yield* this.#lister.stream(before) : yield* this.#lister.list({ before, whole: state.whole });
    this.#notServedSince = undefined;
    this.#memory.progressAt = this.#options.clock.monotonic();
    if (this.#hurriedLists <= 1) this.#backoff.reset();
    this.#listedAt = this.#options.clock.monotonic();
    this.#audit.agree(listed.resume.resourceVersion);
    return { phase: "watching", ...listed };
  }

  async *#watch(state: Extract<WatchState, { phase: "watching" }>): AsyncGenerator<WatchItem, WatchState> {
    const { client, clock, target, known } = this.#options;
    const signal = this.#signal;
    const { hasBookmarks } = this.#memory;
    if (state.refused !== undefined) throw state.refused;
    const askedAt = clock.monotonic();
    const open = state.opened ?? (await openWatch({ client, clock, target, signal, hasBookmarks }, state.resume));
    const tookMs = clock.monotonic() - askedAt;
    if (state.opened !== undefined) this.#memory.progressAt = clock.monotonic();
    this.#forbiddenWatches = 0;
    this.#notServedSince = undefined;
    this.#backoff.healthy();
    yield { item: "connected", resourceVersion: open.from.resourceVersion, tookMs };
    const session = new Session({
      client,
      clock,
      target,
      known,
      signal,
      open,
      sightings: this.#sightings,
      audit: this.#audit,
      memory: this.#memory,
      take: this.#options.take,
    });
    const began = clock.monotonic();
    const end = yield* session.run();
    this.#shortWatches = clock.monotonic() - began < VERY_SHORT_MS ? this.#shortWatches + 1 : 0;
    if (end.end === "undecodable") this.#memory.undecodable++;
    const streaks =
      end.end === "failed" ? this.#streaksWith({ phase: "watching", resume: end.resume }, end.error) : this.#streaks();
    const decision = afterSession(end, streaks);
    if (end.end === "undecodable" && decision.next.phase === "listing") this.#memory.undecodable = 0;
    // In a quiet cluster nothing comes after an audit's list; a place that is not amid a batch of deletions is whole all the same.
    const { resourceVersion, batchStart } = end.resume;
    if (decision.next.phase === "watching") yield* this.#audit.check(resourceVersion, batchStart === undefined);
    return yield* this.#do(decision);
  }

  #streaks(): Streaks {
    return {
      undecodable: this.#memory.undecodable,
      shortWatches: this.#shortWatches,
      notServedMs: 0,
      forbiddenWatches: this.#forbiddenWatches,
      isStreamingRefused: this.#isStreamingRefused,
    };
  }

  async *#probe(resume: ResumePoint): AsyncGenerator<WatchItem, WatchState> {
    const { client, target } = this.#options;
    const why = await findRegression({ client, target, signal: this.#signal }, resume.resourceVersion);
    if (why === undefined) yield* this.#audit.check(resume.resourceVersion, resume.batchStart === undefined);
    return why === undefined ? { phase: "watching", resume } : yield* this.#do(otherHistory(resume, why));
  }

  async *#poll(before: Before): AsyncGenerator<WatchItem, WatchState> {
    const { resume } = yield* this.#lister.list({ before, whole: false });
    this.#notServedSince = undefined;
    this.#backoff.reset();
    // The gap is open from now on: nobody looks until the next list.
    yield lost("polled", resume, POLLED);
    await this.#pause(POLL_MS);
    return { phase: "polling", before: { before: "state", since: resume } };
  }

  #pause(ms: number): Promise<void> {
    return pause(this.#options.clock, ms, this.#signal);
  }
}
