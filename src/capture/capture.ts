/** One capture from its first word with the cluster to its last story: what runs, what ends it, in which order it ends. */
import { randomBytes } from "node:crypto";
import { errorMessage, FaroError, Scope, Stamper } from "../base/index.ts";
import { prepareOutput, recordingDirectory, type RecordingWriter } from "../archive/index.ts";
import { ApiFailure, type ApiResource, explainFailure, refreshDiscovery, resourceName, roleFor } from "../cluster/index.ts";
import type { Want } from "../correlate/index.ts";
import type { ObjectRecord } from "../record/index.ts";
import { type Connected, connect } from "./connect.ts";
import { FoundKinds } from "./found-kinds.ts";
import { type Ending, type OrderlyEnding, outcomeOf } from "./ending.ts";
import { Ingest } from "./ingest.ts";
import { KeptState } from "./kept-state.ts";
import type { Capture, CaptureOptions, CaptureResult } from "./options.ts";
import { type OpenedRun, openRun, packRecorded } from "./open-run.ts";
import { describePlan, type Followed, makePlan, type Plan } from "./plan.ts";
import type { CapturePlan } from "./plan-types.ts";
import { Owners } from "./owners.ts";
import { Pods } from "./pods.ts";
import { type Readiness, readinessOf } from "./readiness.ts";
import { isRootOf, Recorder } from "./recorder.ts";
import { describeStep, RecorderClock } from "./recorder-clock.ts";
import { packState } from "./recovery.ts";
import { groupKind } from "./related.ts";
import { Room } from "./room.ts";
import { Scopes } from "./scopes.ts";
import { StatusHub } from "./status-hub.ts";
import type { CaptureCondition, CaptureGauges, CaptureStatus } from "./status.ts";
import { Stories } from "./stories.ts";

const TICK_MS = 250;
/** A kind that was asked for and is not there yet is looked for this often; kinds that may come unasked, less. */
const AWAITED_POLL_MS = 1_000;
const DISCOVERY_POLL_MS = 30_000;
/** With every scope unreachable for so long nothing is being recorded: `/health` says unhealthy. */
const UNREACHABLE_UNHEALTHY_MS = 60_000;

/**
 * Says what a capture would follow. Opens nothing but what is needed to know it.
 * @throws FaroError as `startCapture`.
 */
export async function planCapture(options: CaptureOptions): Promise<CapturePlan> {
  const { discovery, serverVersion } = await connect(options.client, options.clock, options.connectTimeoutMs);
  return describePlan(makePlan(options, discovery), options, { url: options.client.server, version: serverVersion });
}

/**
 * Starts recording. Resolves when everything that can fail for the user's reasons has been tried: the output directory, the
 * connection, the kinds asked for.
 * @throws FaroError `FARO_OUTPUT_NOT_WRITABLE`, `FARO_OUTPUT_LOCKED` before anything connects; `FARO_CLUSTER_UNREACHABLE`,
 * `FARO_UNAUTHORIZED`, `FARO_UNKNOWN_KIND`, `FARO_AMBIGUOUS_KIND`, `FARO_RECORDING_TOO_NEW`.
 */
export async function startCapture(options: CaptureOptions): Promise<Capture> {
  const lock = await prepareOutput(options.output, options.clock);
  try {
    const connected = await connect(options.client, options.clock, options.connectTimeoutMs);
    const plan = makePlan(options, connected.discovery);
    const capture = await RunningCapture.open({ ...options, clock: new RecorderClock(options.clock) }, connected, plan);
    return capture.run(() => lock.release());
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The options of a capture that runs: everything in it has its times from the recording's own clock. */
type RunningOptions = CaptureOptions & { readonly clock: RecorderClock };

class RunningCapture {
  readonly #options: RunningOptions;
  readonly #connected: Connected;
  readonly #hub: StatusHub;
  readonly #writer: RecordingWriter;
  readonly #recorder: Recorder;
  readonly #room: Room;
  readonly #ingest: Ingest;
  readonly #pods: Pods;
  readonly #scopes: Scopes;
  readonly #stories: Stories;
  readonly #owners: Owners;
  readonly #kept: KeptState;
  readonly #foundKinds: FoundKinds;
  /** Asked for by what an earlier run recorded. */
  readonly #wantedAtStart: readonly Want[];
  readonly #tasks: Scope;
  readonly #epoch: number;
  readonly #readiness = new Map<string, Readiness>();
  readonly #refused = new Map<string, ApiFailure>();
  #served: readonly ApiResource[];
  #plan: Plan;
  #stalled: { readonly why: string; readonly since: number } | undefined;
  #end: (ending: Ending) => void = () => {};
  readonly #ended: Promise<Ending>;

  static async open(options: RunningOptions, connected: Connected, plan: Plan): Promise<RunningCapture> {
    const hub = new StatusHub();
    let recorder: Recorder | undefined;
    let capture: RunningCapture | undefined;
    const opened = await openRun(options, plan.selection, {
      clock: options.clock,
      onCommit: (commit) => hub.tell({ status: "batch-written", ...commit, byType: recorder?.takeCounts() ?? {} }),
      onStall: (why) => capture?.stalled(why),
      onResume: () => capture?.stalled(undefined),
      onRestored: (detail) => recorder?.incident("recording removed", detail),
    });
    const { writer, start } = opened;
    if (start.carried.stoppedAt !== undefined) options.clock.goOnFrom(start.carried.stoppedAt);
    const stories = new Stories({ output: options.output, writer, index: start.index, hub });
    recorder = new Recorder({
      ...start,
      clock: options.clock,
      stamper: new Stamper(options.clock, writer.recovered.lastSeq + 1),
      writer,
      hub,
      onWant: (want) => capture?.want(want),
      onStory: (record) => stories.take(record),
      onGap: (record) => stories.takeGap(record),
    });
    capture = new RunningCapture(opened, { options, connected, plan, hub, recorder, stories });
    return capture;
  }

  private constructor(
    { writer, start, recovery, recorded }: OpenedRun,
    parts: { options: RunningOptions; connected: Connected; plan: Plan; hub: StatusHub; recorder: Recorder; stories: Stories },
  ) {
    const { options, connected, hub, recorder } = parts;
    const { carried } = start;
    const { client, clock } = options;
    this.#options = options;
    this.#connected = connected;
    this.#plan = parts.plan;
    this.#served = connected.discovery.resources;
    this.#foundKinds = new FoundKinds(options.namespaces);
    this.#wantedAtStart = [...carried.wants];
    this.#hub = hub;
    this.#writer = writer;
    this.#recorder = recorder;
    this.#stories = parts.stories;
    this.#tasks = new Scope((error, task) => this.#taskFailed(task, error));
    let { gaps } = carried;
    const nextGap = (): string => `gap-${++gaps}`;
    const isSameCluster = carried.clusterId === undefined || carried.clusterId === connected.clusterId;
    this.#epoch = isSameCluster ? Math.max(1, carried.epoch) : carried.epoch + 1;
    this.#room = new Room(writer);
    this.#pods = new Pods({
      client,
      clock,
      recorder,
      hub,
      tasks: this.#tasks,
      wanted: options,
      room: this.#room,
      writer,
      recorded,
      nextGap,
      onDeparted: (uid, pod) => carried.depart(uid, pod),
      isCutOff: () => this.#scopes.isCutOff,
    });
    for (const [uid, pod] of recovery.pods) if (isSameCluster) this.#pods.restore(uid, pod);
    for (const uid of carried.wantedPods) this.#pods.want(uid);
    for (const [uid, pod] of carried.unreadPods()) if (isSameCluster) this.#pods.followDeparted(uid, pod);
    this.#ingest = new Ingest({
      clock,
      directory: recordingDirectory(options.output),
      workers: options.workers,
      bufferSize: options.bufferSize,
      writer,
      room: this.#room,
      recorder,
      pods: this.#pods,
      hub,
      epoch: this.#epoch,
      redactionKey: randomBytes(32),
      lastVersions: carried.lastVersions,
      nextGap,
      onObject: (record, parsed) => this.#seeObject(record, parsed),
    });
    this.#scopes = new Scopes({
      client,
      clock,
      recorder,
      hub,
      tasks: this.#tasks,
      ingest: this.#ingest,
      nextGap,
      epoch: this.#epoch,
      recovered: isSameCluster ? carried.scopes.result() : new Map(),
      pendingFrom: () => this.#ingest.pendingFrom,
      served: () => this.#served,
      onRefused: (followed, failure) => this.#rootRefused(followed, failure),
      onListed: (followed) => this.#refused.delete(followed.scope),
    });
    this.#owners = new Owners({
      client,
      clock,
      recorder,
      offer: (arrival, uid) => this.#ingest.offer(arrival, uid),
      served: () => this.#served,
      isFollowed: (scope) => this.#scopes.has(scope),
    });
    this.#kept = new KeptState({
      clock,
      writer,
      room: this.#room,
      recorder,
      pack: () => packState(start, this.#pods.state(), options.stateRowsInPiece),
      hub,
      everyBytes: options.stateEveryBytes,
      from: start.from,
    });
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#noteStart({});
    for (const draft of recovery.missing) recorder.note(draft);
  }

  /** Starts every task and returns the handle. `release` is called last. */
  run(release: () => Promise<void>): Capture {
    this.#ingest.start();
    for (const followed of this.#plan.followed) this.#scopes.follow(followed);
    for (const want of this.#wantedAtStart) this.want(want);
    this.#tasks.start("owners", (signal) => this.#owners.run(signal));
    this.#tasks.start("ticks", (signal) => this.#tick(signal));
    this.#tasks.start("packing", (signal) => packRecorded(this.#writer, this.#options, this.#hub, signal));
    this.#tasks.start("discovery", (signal) => this.#discover(signal));
    const done = this.#finish(release);
    // A listener that only looks at the status must not find an unhandled rejection.
    done.catch(() => this.#hub.end());
    return {
      status: (): AsyncIterable<CaptureStatus> => this.#hub.listen(),
      gauges: () => this.#gauges(),
      conditions: () => this.#conditions(),
      stop: (why) => this.#end({ ending: "asked", why }),
      done,
    };
  }

  want(want: Want): void {
    const { related } = this.#options;
    if (want.want === "logs") this.#pods.want(want.podUid);
    else if (want.want === "object") {
      if (related === "auto" || related === "owned") this.#owners.want(want);
    } else if (related === "auto" || (related === "owned" && want.as === "owned")) {
      for (const followed of this.#foundKinds.follow(want, this.#served)) this.#scopes.follow(followed);
    }
  }

  stalled(why: string | undefined): void {
    this.#stalled = why === undefined ? undefined : { why, since: this.#options.clock.now() };
    this.#hub.tell(why === undefined ? { status: "write-resumed" } : { status: "write-stalled", why });
  }

  #noteStart(how: { readonly goesOn?: true }): void {
    const { serverVersion, clusterId } = this.#connected;
    this.#recorder.note({
      type: "run",
      state: "started",
      ...how,
      faroVersion: this.#options.faroVersion,
      epoch: this.#epoch,
      serverVersion,
      ...(clusterId === undefined ? {} : { clusterId }),
      selection: this.#plan.selection,
      ...(this.#options.logs?.lines === undefined ? {} : { lines: this.#options.logs.lines }),
      correlationTimeoutMs: this.#options.correlationTimeoutMs,
    });
    const following = this.#plan.followed.map(({ scope, why }) => `${scope} (${why})`);
    this.#hub.tell({ status: "capture-started", server: this.#options.client.server, serverVersion, following });
  }

  // --- while it runs ------------------------------------------------------------------------------

  async #tick(signal: AbortSignal): Promise<void> {
    const { clock, durationMs, timeoutMs } = this.#options;
    const began = clock.monotonic();
    while (!signal.aborted) {
      await clock.sleep(TICK_MS, signal);
      if (!this.#room.isHeld) {
        this.#recorder.tick();
        this.#scopes.tick();
        for (const step of clock.takeSteps()) this.#recorder.incident("clock set", describeStep(step));
        this.#kept.tick();
      }
      const elapsed = clock.monotonic() - began;
      this.#checkUntil();
      if (durationMs !== undefined && elapsed >= durationMs) this.#end({ ending: "duration" });
      if (timeoutMs !== undefined && elapsed >= timeoutMs) this.#end({ ending: "timeout" });
    }
  }

  #checkUntil(): void {
    const { until } = this.#options;
    const { open, seen, deleted } = this.#stories;
    if (until === undefined || seen === 0) return;
    if (until === "deleted" && open === 0 && deleted === seen)
      this.#end({ ending: "until", outcome: "met", why: "all roots are deleted" });
    if (until === "complete" && open === 0) this.#end({ ending: "until", outcome: "met", why: "all stories are complete" });
    if (until !== "ready") return;
    const states = [...this.#readiness];
    const failed = states.find(([, readiness]) => readiness === "failed");
    if (failed !== undefined) this.#end({ ending: "until", outcome: "failed", why: `${failed[0]} has failed` });
    const { synced, total } = this.#scopes.syncedRoots;
    const isSynced = synced === total && this.#plan.awaited.length === 0;
    if (isSynced && states.length > 0 && states.every(([, readiness]) => readiness === "ready")) {
      this.#end({ ending: "until", outcome: "met", why: "all roots are ready" });
    }
  }

  /** Picks up kinds that the cluster begins to serve: those that were asked for, and those that a root may own. */
  async #discover(signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options;
    let { discovery } = this.#connected;
    let notServedAt = clock.now();
    while (!signal.aborted) {
      await clock.sleep(this.#plan.awaited.length > 0 ? AWAITED_POLL_MS : DISCOVERY_POLL_MS, signal);
      const before = new Set(discovery.resources.map(resourceName));
      try {
        discovery = await refreshDiscovery(client, discovery, signal);
        this.#served = discovery.resources;
      } catch (error) {
        // The watches tell of a server that does not answer; discovery is asked again in a moment.
        if (error instanceof ApiFailure) continue;
        throw error;
      }
      this.#replan(makePlan({ ...this.#options, requireKinds: false }, discovery), { before, notServedAt });
      notServedAt = clock.now();
    }
  }

  #replan(plan: Plan, served: { readonly before: ReadonlySet<string>; readonly notServedAt: number }): void {
    const hasNewRoots = plan.roots.length !== this.#plan.roots.length;
    this.#plan = plan;
    if (hasNewRoots) this.#noteStart({ goesOn: true });
    for (const followed of plan.followed) {
      const isLate = !served.before.has(resourceName(followed.target.resource));
      this.#scopes.follow(followed, isLate ? served : undefined);
    }
  }

  #seeObject(record: ObjectRecord, parsed: unknown): void {
    if (!isRootOf(record, this.#recorder.storiesOf(record.uid))) return;
    if (record.change === "DELETED") this.#readiness.delete(`${record.kind}/${record.name}`);
    else this.#readiness.set(`${record.kind}/${record.name}`, readinessOf(record.kind, parsed));
  }

  /** A root that may not be read ends the capture when no root may: there is nothing to record. */
  #rootRefused(followed: Followed, failure: unknown): void {
    if (!followed.isRoot || !(failure instanceof ApiFailure) || failure.failure.kind !== "http") return;
    if (failure.failure.status !== 403 && failure.failure.status !== 401) return;
    this.#refused.set(followed.scope, failure);
    const roots = this.#plan.followed.filter(({ isRoot }) => isRoot);
    if (this.#plan.awaited.length > 0 || roots.some(({ scope }) => !this.#refused.has(scope))) return;
    const needed = [...new Map(this.#plan.followed.map(({ target }) => [groupKind(target.resource), target.resource])).values()];
    const explained = explainFailure(failure, this.#options.client.server);
    const role = roleFor(needed, this.#options.namespaces[0]);
    const hint =
      explained.code === "FARO_RBAC_DENIED" ? `grant what is missing, then bind it to this user:\n${role}` : explained.hint;
    this.#end({
      ending: "refused",
      error: new FaroError(explained.code, explained.message, { hint, cause: failure, details: { role } }),
    });
  }

  #taskFailed(task: string, error: Error): void {
    this.#hub.tell({ status: "incident", what: `${task} failed`, detail: errorMessage(error) });
    this.#end({ ending: "refused", error });
  }

  // --- the end ------------------------------------------------------------------------------------

  async #finish(release: () => Promise<void>): Promise<CaptureResult> {
    const ending = await this.#ended;
    try {
      this.#hub.tell({ status: "draining", openStories: this.#stories.open });
      const degraded = this.#conditions();
      const { signal } = this.#tasks;
      if (ending.ending !== "refused") await Promise.all([this.#scopes.lastLook(signal), this.#pods.lastLines(signal)]);
      await this.#tasks.close(ending.ending);
      await this.#ingest.drain();
      this.#scopes.close({ isRefused: ending.ending === "refused" });
      this.#recorder.completeAll();
      this.#recorder.note({ type: "run", state: "ended", faroVersion: this.#options.faroVersion, epoch: this.#epoch });
      await this.#stories.close();
      await this.#kept.close();
      this.#stories.end();
      await this.#writer.close();
      if (ending.ending === "refused") throw ending.error;
      return this.#result(ending, degraded);
    } finally {
      await release();
      this.#hub.tell({ status: "stopped" });
      this.#hub.end();
    }
  }

  #result(ending: OrderlyEnding, degraded: readonly CaptureCondition[]): CaptureResult {
    const stories = this.#stories.written;
    const reasons = [
      ...stories.filter(({ verdict }) => verdict === "incomplete").map(({ title, file }) => `${title}: see coverage in ${file}`),
      ...[...this.#stories.failures].map(([story, why]) => `${story} could not be written: ${why}`),
      ...degraded.filter(({ isContext }) => isContext !== true).map(({ subject, why }) => `${subject}: ${why}`),
      ...this.#plan.awaited.map(({ text }) => `${text}: the cluster never served it`),
    ];
    return {
      outcome: outcomeOf(ending, reasons, this.#options.until),
      reasons: ending.ending === "until" && ending.outcome === "failed" ? [ending.why, ...reasons] : reasons,
      stories,
    };
  }

  // --- what it tells ------------------------------------------------------------------------------

  #gauges(): CaptureGauges {
    const streams = this.#pods.streams;
    return {
      activeCorrelations: this.#stories.open,
      workers: this.#options.workers,
      logStreams: streams.active,
      logStreamsWaiting: streams.waiting,
      watches: this.#scopes.size,
      openGaps: this.#scopes.openGaps,
      queuedItems: this.#ingest.queued.items,
      queuedBytes: this.#ingest.queued.bytes,
      unwrittenBytes: this.#writer.unwrittenBytes,
      recordingBytes: this.#writer.bytes,
    };
  }

  #conditions(): readonly CaptureCondition[] {
    const scopes = this.#scopes.conditions();
    const now = this.#options.clock.now();
    const isCutOff =
      scopes.length > 0 &&
      scopes.length === this.#scopes.size &&
      scopes.every(({ since }) => now - since >= UNREACHABLE_UNHEALTHY_MS);
    const [first] = scopes;
    return [
      ...(this.#stalled === undefined
        ? []
        : [{ severity: "unhealthy" as const, subject: "recording", why: this.#stalled.why, since: this.#stalled.since }]),
      ...(isCutOff && first !== undefined
        ? [{ severity: "unhealthy" as const, subject: "API server", why: first.why, since: first.since }]
        : []),
      ...scopes,
    ];
  }
}
