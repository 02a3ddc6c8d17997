/**
 * One watch from its opening to its end: lines become items, the resume point moves on with them. What the end means is decided
 * elsewhere (`decide.ts`); here it is only told.
 */
import { type Clock, compareResourceVersions, LineSplitter, nextTurn } from "../../base/index.ts";
import { type ApiClient, ApiFailure } from "../../cluster/index.ts";
import type { Audit } from "./audit.ts";
import { HandoverTask } from "./handover.ts";
import { LINE_BYTES_MAX, PROBE_EVERY_MS, SILENT_MS, TURN_MS, VERY_SHORT_MS } from "./limits.ts";
import type { OpenWatch } from "./open-watch.ts";
import { findRegression } from "./regression.ts";
import type { SliceMemory } from "./slices.ts";
import type { Sightings } from "./sightings.ts";
import type { KnownVersions, WatchItem, WatchTarget } from "./watch-item.ts";
import { parseWatchLine, type ResumePoint, type Step, stepWatchLine } from "./watch-line.ts";

/** How a session ended, and where the watch stands then. */
export type SessionEnd = { readonly resume: ResumePoint } & Ending;

type Ending =
  | { readonly end: "ended"; readonly why: string; readonly isVeryShort: boolean }
  /** Not even a bookmark came: the server's history may have gone back. */
  | { readonly end: "silent"; readonly why: string; readonly silentMs: number }
  /** The newest version of the server is older than what was seen. */
  | { readonly end: "went-back"; readonly why: string }
  | { readonly end: "failed"; readonly error: ApiFailure; readonly silentMs: number }
  | { readonly end: "expired"; readonly why: string }
  | { readonly end: "damaged"; readonly why: string }
  | { readonly end: "refused"; readonly why: string; readonly afterMs: number }
  | { readonly end: "undecodable"; readonly why: string }
  | { readonly end: "handed-over"; readonly next: OpenWatch };

export interface SessionOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly target: WatchTarget;
  readonly known: KnownVersions;
  readonly sightings: Sightings;
  readonly audit: Audit;
  readonly signal: AbortSignal;
  readonly open: OpenWatch;
  /** What was counted over all sessions. */
  readonly memory: SessionMemory;
  /** See `WatchOptions`. */
  readonly take?: ((item: WatchItem) => boolean) | undefined;
}

/** What a session leaves to the next. */
export interface SessionMemory {
  hasBookmarks: boolean;
  /** Streams in a row that ended at a line that cannot be read. */
  undecodable: number;
  /** When the resume point moved last, in monotonic ms. */
  progressAt: number;
  /** When the server was last asked for its newest version, in monotonic ms. */
  probedAt: number;
  readonly slices: SliceMemory;
}

const NOTHING: readonly WatchItem[] = [];

export class Session {
  readonly #options: SessionOptions;
  readonly #began: number;
  readonly #handover: HandoverTask;
  #resume: ResumePoint;
  #heardAt: number;
  #lines = 0;
  #isTaking = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { clock, open, memory, client, target, known, signal } = options;
    this.#began = clock.monotonic();
    this.#heardAt = this.#began;
    this.#resume = open.from;
    const progress = (): { resourceVersion: string; at: number } => ({
      resourceVersion: this.#resume.resourceVersion,
      at: memory.progressAt,
    });
    this.#handover = new HandoverTask({ client, clock, target, known, signal, current: open, progress });
  }

  /** Reads until the end. Throws only what is a bug, and the signal's reason. */
  async *run(): AsyncGenerator<WatchItem, SessionEnd> {
    const { open, signal, memory, audit, clock } = this.#options;
    const splitter = new LineSplitter();
    let busyMs = 0;
    try {
      for await (const chunk of open.response.body) {
        this.#heardAt = clock.monotonic();
        for (const line of splitter.push(chunk)) {
          if (line.length === 0) continue;
          this.#lines++;
          const step = stepWatchLine(this.#resume, parseWatchLine(line, memory.slices));
          const items = this.#inOrder(step);
          const end = items === undefined ? yield* this.#take(step) : undefined;
          if (end !== undefined) return end;
          if (items === undefined || step.step !== "emit") continue;
          for (const item of items) yield item;
          this.#advance(step.resume, false);
          if (audit.isDue(this.#resume.resourceVersion, false)) yield* audit.check(this.#resume.resourceVersion, false);
        }
        if (splitter.pendingBytes > LINE_BYTES_MAX)
          return this.#ending({ end: "undecodable", why: `a line above ${LINE_BYTES_MAX} bytes` });
        busyMs += clock.monotonic() - this.#heardAt;
        if (busyMs < TURN_MS) continue;
        busyMs = 0;
        await nextTurn();
      }
      signal.throwIfAborted();
      return open.isClosed() ? this.#broken(undefined) : this.#ended(splitter.pendingBytes > 0 ? "ended in mid line" : "ended");
    } catch (error) {
      // The place is kept: what was read stays read, whatever ends the stream.
      return this.#broken(error);
    } finally {
      this.#handover.end();
      open.close();
    }
  }

  #isTaken(item: WatchItem): boolean {
    const { take } = this.#options;
    if (take === undefined || item.item !== "object") return false;
    this.#isTaking = true;
    const isTaken = take(item);
    this.#isTaking = false;
    return isTaken;
  }

  /** The items of the usual case, without a generator of its own: each costs turns of the promise queue (`watch-events` in `bench/`). */
  #inOrder(step: Step): readonly WatchItem[] | undefined {
    if (step.step !== "emit" || this.#isBehind(step)) return undefined;
    const items = this.#change(step);
    const [item] = items;
    return item !== undefined && items.length === 1 && this.#isTaken(item) ? NOTHING : items;
  }

  #isBehind({ object }: Extract<Step, { step: "emit" }>): boolean {
    return (compareResourceVersions(object.resourceVersion, this.#resume.resourceVersion) ?? 0) < 0;
  }

  async *#take(step: Step): AsyncGenerator<WatchItem, SessionEnd | undefined> {
    const { memory, audit } = this.#options;
    switch (step.step) {
      case "expired":
        return this.#ending({ end: "expired", why: step.detail });
      case "damaged":
        return this.#ending({ end: "damaged", why: step.detail });
      case "retry":
        return step.undecodable
          ? this.#ending({ end: "undecodable", why: step.detail })
          : this.#ending({ end: "refused", why: step.detail, afterMs: step.afterMs });
      case "report":
        yield { item: "incident", what: step.what, detail: step.detail };
        return undefined;
      case "behind":
        yield { item: "incident", what: "bookmark went back", detail: step.detail };
        return this.#wentBack();
      case "emit": {
        const end = this.#isBehind(step) ? await this.#wentBack() : undefined;
        if (end !== undefined) return end;
        yield* this.#change(step);
        break;
      }
      case "advance":
        memory.hasBookmarks = true;
        yield { item: "reached", resourceVersion: step.resume.resourceVersion };
        break;
    }
    this.#advance(step.resume, step.step === "advance");
    yield* audit.check(this.#resume.resourceVersion, step.step === "advance");
    return undefined;
  }

  /** A version behind what was seen is a disorder of the server, or another history: its newest version tells which. */
  async #wentBack(): Promise<SessionEnd | undefined> {
    const { client, clock, target, signal, memory } = this.#options;
    if (clock.monotonic() - memory.probedAt < PROBE_EVERY_MS) return undefined;
    memory.probedAt = clock.monotonic();
    const why = await findRegression({ client, target, signal }, this.#resume.resourceVersion);
    return why === undefined ? undefined : this.#ending({ end: "went-back", why });
  }

  #advance(resume: ResumePoint, isBookmark: boolean): void {
    const { memory, clock } = this.#options;
    memory.undecodable = 0;
    // A bookmark at the same version says that it is still the newest.
    if (resume.resourceVersion !== this.#resume.resourceVersion || isBookmark) memory.progressAt = clock.monotonic();
    this.#resume = resume;
  }

  /** A change, unless exactly this one was seen before: after a resume a server repeats the batch it broke off in. */
  #change(step: Extract<Step, { step: "emit" }>): readonly WatchItem[] {
    const { object, change } = step;
    const { sightings, audit } = this.#options;
    const sighting = sightings.see(object, change);
    if (sighting.sight === "seen") return [];
    if (change === "DELETED") {
      audit.noteDeletion(object.uid);
      this.#handover.noteDeletion(object.uid);
    }
    if (sighting.sight === "late") {
      const detail = `${object.uid}: ${object.resourceVersion} came late`;
      return [
        { item: "incident", what: "version out of order", detail },
        { item: "object", change, observedBy: "watch", object, isLate: true },
      ];
    }
    const item: WatchItem = { item: "object", change, observedBy: "watch", object };
    return sighting.odd === undefined ? [item] : [{ item: "incident", what: "change out of place", detail: sighting.odd }, item];
  }

  // --- the end ------------------------------------------------------------------------------------

  #ending(end: Ending): SessionEnd {
    return { ...end, resume: this.#resume };
  }

  #ended(why: string): SessionEnd {
    const { clock } = this.#options;
    const lastedMs = clock.monotonic() - this.#began;
    if (this.#lines === 0 && lastedMs >= SILENT_MS) return this.#ending({ end: "silent", why, silentMs: lastedMs });
    return this.#ending({ end: "ended", why, isVeryShort: this.#lines === 0 && lastedMs < VERY_SHORT_MS });
  }

  #broken(error: unknown): SessionEnd {
    const { signal, open, memory } = this.#options;
    // Not the stream broke, but whoever takes what it tells.
    if (this.#isTaking) throw error;
    signal.throwIfAborted();
    if (open.isClosed()) {
      const handover = this.#handover.state;
      if (handover.state === "ready") return this.#ending({ end: "handed-over", next: handover.next });
      if (handover.state === "went-back") return this.#ending({ end: "went-back", why: handover.detail });
      if (handover.state === "deaf") return this.#ending({ end: "ended", why: handover.detail, isVeryShort: false });
      if (handover.state === "failed") throw handover.error;
    }
    if (!(error instanceof ApiFailure)) throw error;
    const silentMs = this.#options.clock.monotonic() - this.#heardAt;
    const isIdle = error.failure.kind === "network" && error.failure.code === "IDLE_TIMEOUT";
    if (isIdle && memory.hasBookmarks) return this.#ending({ end: "silent", why: error.message, silentMs });
    return this.#ending({ end: "failed", error, silentMs: isIdle ? silentMs : 0 });
  }
}
