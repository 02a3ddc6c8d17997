/** Runs the watches: one task per scope, its items stamped at arrival and handed to a lane, its coverage written down. */
import { abortWith, type Clock, errorMessage, isoTime, type Scope as Tasks } from "../base/index.ts";
import { type ApiClient, type ApiResource, resourceName } from "../cluster/index.ts";
import {
  type KnownVersions,
  lookLast,
  SliceMemory,
  versionKey,
  type WatchItem,
  type WatchOptions,
  watchResource,
} from "../sources/index.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { Ingest, Refusal } from "./ingest.ts";
import type { Arrival } from "./lane.ts";
import type { Followed } from "./plan.ts";
import { NO_PROGRESS, type Progress, resumedProgress, stepProgress } from "./progress.ts";
import { untilReadBack } from "./read-back.ts";
import type { Recorder } from "./recorder.ts";
import type { RecoveredScope } from "./recovered-scopes.ts";
import {
  closeCoverage,
  type Coverage,
  doubtedCoverage,
  isReadBack,
  type LedgerRecord,
  type LedgerScope,
  openedGap,
  type OpenGap,
  pauseCoverage,
  scopeRecord,
  settleCoverage,
  stepCoverage,
} from "./scope-ledger.ts";
import type { CaptureCondition } from "./status.ts";
import type { StatusHub } from "./status-hub.ts";

export interface ScopesOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly hub: StatusHub;
  readonly tasks: Tasks;
  readonly ingest: Pick<Ingest, "offer" | "takesAtOnce" | "caughtUp">;
  readonly nextGap: () => string;
  /** Generation of the cluster's history at the start; a scope whose history is replaced counts on from it. */
  readonly epoch: number;
  /** What earlier runs left of the scopes that they watched: the time since is a gap of each. */
  readonly recovered: ReadonlyMap<string, RecoveredScope>;
  /** What the cluster serves, as discovery last said. */
  readonly served: () => readonly ApiResource[];
  /** Lowest `seq` on its way to the recording. */
  readonly pendingFrom: () => number | undefined;
  /** A root's scope cannot be read although it never was: the caller decides whether that ends the capture. */
  readonly onRefused: (followed: Followed, failure: unknown) => void;
  readonly onListed: (followed: Followed) => void;
}

interface Running {
  readonly followed: Followed;
  readonly ledger: LedgerScope;
  coverage: Coverage;
  /** Kept by the watcher. */
  readonly known: KnownVersions;
  progress: Progress;
  /** Deletions above the place to resume from: the server would send them again. */
  readonly deletions: Set<string>;
  epoch: number;
  degradedSince: number | undefined;
  hasListed: boolean;
  /** Ends the reading back of a gap. */
  hurry: AbortController | undefined;
}

type Start = Pick<WatchOptions, "known" | "resume" | "recorded">;

/** An item for which there is no room. */
interface Held {
  readonly item: WatchItem;
  readonly arrival: Arrival;
  readonly uid: string;
  readonly refusal: Refusal;
  /** It came over a watch, which must not be left unread. */
  readonly isWatched: boolean;
}

/** A disk that was full is tried again this often. */
const ROOM_RETRY_MS = 500;

/** A checkpoint a second: what a crash leaves open is a gap of no more than that. */
const CHECKPOINT_MS = 1_000;

/** A watch that told something so lately stands. */
const HEARD_MS = 1_000;

export class Scopes {
  readonly #options: ScopesOptions;
  readonly #running = new Map<string, Running>();
  readonly #checkpoints: Checkpoints;
  /** One for all watches: memory does not grow with their number. */
  readonly #slices = new SliceMemory();
  #checkpointAt = 0;
  #isCutOff = false;

  constructor(options: ScopesOptions) {
    this.#options = options;
    this.#checkpoints = new Checkpoints(options);
  }

  get size(): number {
    return this.#running.size;
  }

  get openGaps(): number {
    return [...this.#running.values()].filter(({ coverage }) => coverage.state === "gap" || coverage.state === "resuming").length;
  }

  has(scope: string): boolean {
    return this.#running.has(scope);
  }

  /** Roots that have been listed at least once, of all roots that are followed. */
  get syncedRoots(): { readonly synced: number; readonly total: number } {
    const roots = [...this.#running.values()].filter(({ followed }) => followed.isRoot);
    return { synced: roots.filter(({ hasListed }) => hasListed).length, total: roots.length };
  }

  /** What is degraded now, and since when. */
  conditions(): CaptureCondition[] {
    return [...this.#running.values()].flatMap(({ coverage, followed, degradedSince }) => {
      if (degradedSince === undefined) return [];
      const isContext = coverage.state === "unread" ? { isContext: true as const } : {};
      return [
        { severity: "degraded" as const, subject: followed.scope, why: detailOf(coverage), since: degradedSince, ...isContext },
      ];
    });
  }

  /**
   * Starts following; a scope that runs already is left alone. `appeared`: the kind began to be served while Faro ran, at
   * some moment after `notServedAt` (ms since 1970).
   */
  follow(followed: Followed, appeared?: { readonly notServedAt: number }): void {
    if (this.#running.has(followed.scope)) return;
    const { clock, nextGap, tasks } = this.#options;
    const { target, scope } = followed;
    const resource = resourceName(target.resource);
    const ledger: LedgerScope = { scope, resource, namespace: target.namespace, isContext: followed.isContext, nextGap };
    const recovered = this.#options.recovered.get(scope);
    const gap = this.#firstGap(recovered, appeared?.notServedAt);
    const mark = recovered?.mark;
    const start = startOf(recovered);
    const running: Running = {
      followed,
      known: start.known,
      ledger,
      coverage:
        mark === undefined || gap === undefined
          ? { state: "starting", since: clock.now(), gap }
          : { state: "resuming", gap, connected: undefined, isDegraded: false },
      progress: mark === undefined ? NO_PROGRESS : resumedProgress(mark),
      deletions: new Set(),
      epoch: this.#options.epoch,
      degradedSince: undefined,
      hasListed: false,
      hurry: undefined,
    };
    this.#running.set(scope, running);
    if (mark !== undefined) this.#checkpoints.restore(scope, mark);
    const isNewGap = gap !== undefined && gap.id !== recovered?.openGap?.id;
    this.#note([scopeRecord(ledger, "opened", followed.why), ...(isNewGap ? [openedGap(ledger, gap)] : [])]);
    this.#options.hub.tell({ status: "watch-started", scope });
    tasks.start(`watch ${scope}`, (signal) =>
      this.#run(running, { ...start, isLate: appeared !== undefined || recovered !== undefined }, signal),
    );
  }

  #firstGap(recovered: RecoveredScope | undefined, notServedAt: number | undefined): OpenGap | undefined {
    const { nextGap } = this.#options;
    if (recovered !== undefined) {
      // A gap that an earlier run left open goes on: nobody has looked since.
      return (
        recovered.openGap ?? {
          id: nextGap(),
          cause: "recorder-stopped",
          detail: "Faro was not running",
          from: recovered.coveredTo,
          // A connection may have been dead for longer than anybody could know: the version is what is certain.
          fromVersion: recovered.mark?.resourceVersion,
        }
      );
    }
    if (notServedAt === undefined) return undefined;
    return {
      id: nextGap(),
      cause: "not-served",
      detail: "the cluster began to serve the kind a moment before it was watched",
      from: notServedAt,
      fromVersion: undefined,
    };
  }

  /** Lets time pass: settles what was resumed, writes checkpoints. */
  tick(): void {
    const now = this.#options.clock.now();
    for (const running of this.#running.values()) {
      const step = settleCoverage(running.ledger, running.coverage, now);
      if (step.coverage === running.coverage) continue;
      running.coverage = step.coverage;
      this.#note(step.records);
      this.#resumed(running);
    }
    const monotonic = this.#options.clock.monotonic();
    if (monotonic - this.#checkpointAt < CHECKPOINT_MS && !this.#checkpoints.isDrawnUp) return;
    this.#checkpointAt = monotonic;
    this.#checkpoint(now);
  }

  #checkpoint(now: number): void {
    const standings = [...this.#running.values()].map(({ followed: { scope }, coverage, progress }) => {
      return { scope, progress, isInterrupted: coverage.state === "interrupted" };
    });
    if (standings.length > 0) this.#checkpoints.step(standings, now);
  }

  /** True when the last look found that connections may have died. */
  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  /**
   * Before the watches end: asks about each that is silent whether it still stands. What one was not told is a gap, and silence where
   * nobody answers is one, too. A gap that is being read back is closed with what was found by then.
   */
  async lastLook(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => this.#lookLast(running, signal)));
  }

  async #lookLast(running: Running, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    const { coverage, followed, known, progress } = running;
    await untilReadBack({ clock, signal, isReadBack: () => isReadBack(running.coverage), hurry: running.hurry });
    const from = progress.safe?.resourceVersion;
    if (coverage.state !== "covered" || from === undefined || !followed.target.resource.verbs.includes("watch")) return;
    if (clock.now() - coverage.coveredAt < HEARD_MS) return;
    const look = await lookLast({ client, clock, target: followed.target, known, signal }, from);
    if (look.look === "stands") return;
    this.#isCutOff = true;
    running.coverage = doubtedCoverage(running.coverage, `the watch was silent when the recorder stopped: ${look.why}`);
  }

  /** Writes the last checkpoint and the end of every scope. To be called when the watches have stopped and the lanes are empty. */
  close(how: { readonly isRefused: boolean }): void {
    const now = this.#options.clock.now();
    this.#checkpoint(now);
    for (const { ledger, coverage, progress } of this.#running.values()) {
      const records = closeCoverage(ledger, coverage, { now, reached: progress.safe?.resourceVersion });
      // Where nothing could be recorded, the error says why; that the other scopes saw nothing either is no news.
      if (how.isRefused) for (const record of records) this.#options.recorder.note(record);
      else this.#note(records);
    }
    this.#running.clear();
  }

  async #run(running: Running, how: Start & Pick<WatchOptions, "isLate">, signal: AbortSignal): Promise<void> {
    const hurry = abortWith(signal);
    running.hurry = hurry;
    try {
      for (let start: Start | undefined = how; start !== undefined && !signal.aborted;)
        start = await this.#watch(running, { ...how, hurry: hurry.signal, ...start }, signal);
    } catch (error) {
      this.#options.recorder.note({
        type: "incident",
        scope: running.ledger.scope,
        what: "watch failed",
        detail: errorMessage(error),
      });
      throw error;
    } finally {
      hurry.abort(new Error("the watch is over"));
    }
  }

  /** Watches until the end, or until nothing more can be taken; then gives where to go on once there is room. */
  async #watch(
    running: Running,
    how: Start & Pick<WatchOptions, "isLate" | "hurry">,
    signal: AbortSignal,
  ): Promise<Start | undefined> {
    const { client, clock } = this.#options;
    let held: Held | undefined;
    const take = (item: WatchItem): boolean => !signal.aborted && this.#takeAtOnce(running, item);
    for await (const item of watchResource(
      { client, clock, target: running.followed.target, slices: this.#slices, take, ...how },
      signal,
    )) {
      held = this.#offer(running, item);
      // A list is read to its end: it has no socket that a server would close on a slow reader.
      if (held !== undefined && held.isWatched) break;
      if (held !== undefined) await this.#put(running, held, signal);
      if (signal.aborted) return undefined;
      this.#take(running, item);
      const pause = this.#options.ingest.caughtUp();
      if (pause !== undefined) await pause;
    }
    if (held === undefined || !held.isWatched) return undefined;
    await this.#put(running, held, signal);
    if (signal.aborted) return undefined;
    this.#take(running, held.item);
    return goOnAt(running);
  }

  /** False, and nothing done, when the item might have to wait. */
  #takeAtOnce(running: Running, item: WatchItem): boolean {
    if (!this.#options.ingest.takesAtOnce || this.#offer(running, item) !== undefined) return false;
    this.#take(running, item);
    return true;
  }

  #offer(running: Running, item: WatchItem): Held | undefined {
    const { scope, target } = running.followed;
    if (item.item !== "object" && item.item !== "vanished") return undefined;
    if (item.item === "vanished" && item.because === "resource-removed" && this.#isServedOtherwise(target.resource))
      return undefined;
    const place = { stamp: this.#options.recorder.stamp(), scope, epoch: running.epoch };
    if (item.item === "vanished") {
      const { item: _, uid, known: __, ...how } = item;
      return this.#tryOffer({ arrival: "vanished", ...place, uid, how }, uid, item);
    }
    const { change, observedBy, object } = item;
    // Without rests and spreads: each is a walk over all members.
    const { stamp, epoch } = place;
    const arrival: Arrival = { arrival: "object", stamp, scope, epoch, resource: target.resource, change, observedBy, object };
    return this.#tryOffer(item.isLate === true ? { ...arrival, isLate: true } : arrival, object.uid, item);
  }

  /** A version of a kind that is served no longer takes no object with it: they live on in the other versions. */
  #isServedOtherwise({ group, plural }: ApiResource): boolean {
    return this.#options.served().some((other) => other.group === group && other.plural === plural);
  }

  #tryOffer(arrival: Arrival, uid: string, item: WatchItem): Held | undefined {
    const refusal = this.#options.ingest.offer(arrival, uid);
    if (refusal === undefined) return undefined;
    return { arrival, uid, item, refusal, isWatched: item.item === "object" && item.observedBy === "watch" };
  }

  /** Waits until there is room for what is held. Meanwhile nothing is read, and the ledger says so. */
  async #put(running: Running, held: Held, signal: AbortSignal): Promise<void> {
    const { clock, ingest, recorder } = this.#options;
    const why = `no room for what comes: ${held.refusal.why}`;
    const at = { now: clock.now(), reached: running.progress.safe?.resourceVersion };
    const step = pauseCoverage(running.ledger, running.coverage, why, at);
    running.coverage = step.coverage;
    this.#note(step.records);
    for (let refusal: Refusal | undefined = held.refusal; refusal !== undefined; refusal = ingest.offer(held.arrival, held.uid)) {
      const woken = abortWith(signal);
      const retry = clock.sleep(ROOM_RETRY_MS, woken.signal).catch(() => undefined);
      await Promise.race([refusal.room(), retry]);
      woken.abort();
      if (!signal.aborted) continue;
      const { seq, receivedAt } = held.arrival.stamp;
      const scope = held.arrival.scope;
      recorder.write({ type: "incident", seq, at: isoTime(receivedAt), scope, what: "version not taken", detail: why });
      return;
    }
  }

  #take(running: Running, item: WatchItem): void {
    const { clock, recorder } = this.#options;
    const { scope } = running.followed;
    if (item.item === "object" && item.change === "DELETED")
      running.deletions.add(versionKey(item.object.uid, item.object.resourceVersion, true));
    if (item.item === "epoch") {
      running.epoch++;
      recorder.note({ type: "incident", scope, what: "another history", detail: item.detail });
    }
    const { safe } = running.progress;
    running.progress = stepProgress(running.progress, item, recorder.lastSeq);
    if (running.progress.safe !== safe) keepOnly(running.deletions, running.progress);
    // The first place to resume from is worth having at once: a run that dies without one has to list again.
    if (item.item === "listed") this.#checkpointAt = Number.NEGATIVE_INFINITY;
    if (item.item === "lost") this.#checkpoints.withdraw(scope, clock.now());
    const before = running.coverage;
    const step = stepCoverage(running.ledger, before, item, clock.now());
    running.coverage = step.coverage;
    this.#note(step.records);
    if (before.state === "resuming" && step.coverage.state === "covered" && item.item !== "listed") this.#resumed(running);
    this.#tell(running, item);
  }

  /** As good as a list: the state of the scope is recorded. */
  #resumed(running: Running): void {
    const { hub, onListed } = this.#options;
    const { followed, known } = running;
    running.hasListed = true;
    hub.tell({ status: "watch-synced", scope: followed.scope, objects: known.size });
    onListed(followed);
  }

  #note(records: readonly LedgerRecord[]): void {
    for (const draft of records) {
      const record = this.#options.recorder.note(draft);
      if (record.type === "gap")
        this.#options.hub.tell({ status: record.state === "opened" ? "gap-opened" : "gap-closed", gap: record });
    }
  }

  #tell(running: Running, item: WatchItem): void {
    const { hub, clock, onRefused, onListed } = this.#options;
    const { scope } = running.followed;
    const isDegraded = isDegradedNow(running.coverage);
    if (item.item === "degraded") {
      if (!running.hasListed) onRefused(running.followed, item.failure);
      if (running.degradedSince === undefined) hub.tell({ status: "scope-degraded", scope, why: item.detail });
      running.degradedSince ??= clock.now();
    } else if (!isDegraded && running.degradedSince !== undefined) {
      running.degradedSince = undefined;
      hub.tell({ status: "scope-recovered", scope });
    }
    if (item.item === "listed") {
      const isAgain = item.relist && running.hasListed;
      running.hasListed = true;
      hub.tell(
        isAgain ? { status: "relisted", scope, changes: item.changes } : { status: "watch-synced", scope, objects: item.objects },
      );
      onListed(running.followed);
    } else if (item.item === "disconnected") {
      hub.tell({ status: "watch-ended", scope, why: item.why });
    } else if (item.item === "incident") {
      this.#options.recorder.note({ type: "incident", scope, what: item.what, detail: item.detail });
      hub.tell({ status: "incident", what: item.what, detail: `${scope} at ${isoTime(clock.now())}: ${item.detail}` });
    }
  }
}

/** Where a watch that was ended for want of room goes on. */
function goOnAt({ known, progress, deletions }: Running): Start {
  const { safe } = progress;
  return safe === undefined
    ? { known }
    : { known, resume: { resourceVersion: safe.resourceVersion }, recorded: new Set(deletions) };
}

/** Only deletions of the newest version can still be in the middle of their batch. */
function keepOnly(deletions: Set<string>, { safe, last }: Progress): void {
  if (deletions.size === 0) return;
  if (last?.resourceVersion === safe?.resourceVersion) deletions.clear();
  else for (const key of deletions) if (!key.includes(`@${last?.resourceVersion ?? ""} `)) deletions.delete(key);
}

/** Where a watch begins: where an earlier run stood, with the last state that it saw, or with nothing. */
function startOf(recovered: RecoveredScope | undefined): Start {
  if (recovered === undefined) return { known: new Map() };
  const { known, mark, recorded } = recovered;
  return mark === undefined ? { known } : { known, resume: { resourceVersion: mark.resourceVersion }, recorded };
}

function isDegradedNow(coverage: Coverage): boolean {
  if (coverage.state === "unread") return true;
  return coverage.state !== "starting" && coverage.state !== "covered" && coverage.isDegraded;
}

function detailOf(coverage: Coverage): string {
  switch (coverage.state) {
    case "gap":
    case "resuming":
      return coverage.gap.detail;
    case "interrupted":
    case "unread":
      return coverage.detail;
    case "starting":
    case "covered":
      return "";
  }
}
