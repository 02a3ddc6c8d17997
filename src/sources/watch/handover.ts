/**
 * A fresh resume point for a watch that is idle and has no bookmarks, before its old one is compacted away. While the watch still
 * listens, the scope is listed, and a second watch is opened from the list's version. Both stand for a moment; if by then the
 * first has told all that the list shows, nothing before the list is missing, and the second goes on from there. The list proves
 * the state, and a short third watch from where the first stands that nothing came and went: the first alone may be cut off
 * without a word, and hear nothing for that reason.
 */
import { type Clock, compareResourceVersions } from "../../base/index.ts";
import { type ApiClient, ApiFailure } from "../../cluster/index.ts";
import { HANDOVER_MS, OVERLAP_MS, RESUME_AGE_MS, RESUME_FRESH_MS } from "./limits.ts";
import { ListRestart } from "./list.ts";
import { type OpenWatch, openWatch } from "./open-watch.ts";
import { Snapshot } from "./snapshot.ts";
import type { KnownVersions, WatchTarget } from "./watch-item.ts";
import { witnessBetween } from "./witness.ts";

export type Handover =
  | { readonly state: "waiting" }
  /** `next` has everything after the list, and the first watch had everything before it. */
  | { readonly state: "ready"; readonly next: OpenWatch }
  /** The list is older than what was seen. */
  | { readonly state: "went-back"; readonly detail: string }
  /** The server's history holds changes that the first watch did not tell: its connection is dead. */
  | { readonly state: "deaf"; readonly detail: string }
  /** A bug, for whoever reads the watch to throw. */
  | { readonly state: "failed"; readonly error: unknown };

/** So long after an attempt that came to nothing the next is made. */
const AGAIN_MS = 30_000;

export interface HandoverOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly target: WatchTarget;
  readonly known: KnownVersions;
  readonly signal: AbortSignal;
  /** The watch that is to be succeeded. */
  readonly current: OpenWatch;
  /** Where that watch stands, and since when (monotonic ms). */
  readonly progress: () => { readonly resourceVersion: string; readonly at: number };
}

export class HandoverTask {
  readonly #options: HandoverOptions;
  #state: Handover = { state: "waiting" };
  #snapshot: Snapshot | undefined;
  #next: OpenWatch | undefined;
  #cancelTimer: () => void = () => {};
  #isOver = false;

  constructor(options: HandoverOptions) {
    this.#options = options;
    this.#schedule();
  }

  get state(): Handover {
    return this.#state;
  }

  noteDeletion(uid: string): void {
    this.#snapshot?.noteDeletion(uid);
  }

  /** Ends the task; a successor that was not taken over is closed. */
  end(): void {
    this.#isOver = true;
    this.#cancelTimer();
    if (this.#state.state !== "ready") this.#next?.close();
  }

  #schedule(notBeforeMs: number = OVERLAP_MS): void {
    const { clock, current, progress } = this.#options;
    const atAge = progress().at + RESUME_AGE_MS;
    const beforeEnd = current.endsAt - HANDOVER_MS;
    const dueMs = Math.min(atAge, beforeEnd) - clock.monotonic();
    this.#cancelTimer = clock.after(Math.max(dueMs, notBeforeMs), () => void this.#attempt());
  }

  async #attempt(): Promise<void> {
    const { clock, current, progress } = this.#options;
    if (this.#isOver) return;
    const age = clock.monotonic() - progress().at;
    const isLastChance = current.endsAt - clock.monotonic() <= HANDOVER_MS;
    try {
      if (age >= (isLastChance ? RESUME_FRESH_MS : RESUME_AGE_MS)) await this.#prepare();
    } catch (error) {
      this.#next?.close();
      // Without a successor the watch goes on as it is, and is resumed from where it stood.
      const isExpected = error instanceof ApiFailure || error instanceof ListRestart || this.#options.signal.aborted;
      if (!isExpected && !this.#isOver) this.#finish({ state: "failed", error });
    }
    if (!this.#isOver && this.#state.state === "waiting") this.#schedule(AGAIN_MS);
  }

  async #prepare(): Promise<void> {
    const { client, clock, target, signal, current, known, progress } = this.#options;
    const snapshot = new Snapshot();
    this.#snapshot = snapshot;
    await snapshot.take({ client, clock, target, signal });
    if (this.#isOver) return;
    const { resourceVersion } = snapshot;
    const order = compareResourceVersions(resourceVersion, current.from.resourceVersion);
    if (order === undefined) return;
    if (order < 0) {
      this.#finish({ state: "went-back", detail: `a list at ${resourceVersion} behind ${current.from.resourceVersion}` });
      return;
    }
    const stoodAt = progress().resourceVersion;
    const next = await openWatch({ client, clock, target, signal, hasBookmarks: false }, { resourceVersion });
    this.#next = next;
    const witness = await witnessBetween({ client, target, signal }, stoodAt, resourceVersion);
    if (this.#isOver || witness.witness === "unsure") return next.close();
    const { newest } = witness;
    if (newest !== undefined && (compareResourceVersions(newest, progress().resourceVersion) ?? 1) > 0) {
      next.close();
      return this.#finish({ state: "deaf", detail: `version ${newest} is in the server's history and was not told` });
    }
    const isAhead = (compareResourceVersions(progress().resourceVersion, resourceVersion) ?? 0) > 0;
    if (this.#isOver || isAhead || snapshot.differences(known).length > 0) next.close();
    else this.#finish({ state: "ready", next });
  }

  /** The first watch is closed, so that whoever reads it learns of this. */
  #finish(state: Handover): void {
    this.#state = state;
    this.#options.current.close();
  }
}
