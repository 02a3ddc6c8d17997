/**
 * The transitions of a pod and its containers, derived from two of its versions; a fold over the versions of
 * one pod in their order. Deriving adds to the versions, it never replaces them.
 *
 * When: the moment of arrival, except for the two facts that a status dates itself. `startedAt` and
 * `finishedAt` are whole seconds of the node's clock: a start is placed at the beginning of its second, an end at
 * the last millisecond of it, both within the arrivals of the previous and of this version. Thus the lines a
 * container logged lie between its start and its end, and nothing is later than the version that shows it.
 * A pod that existed before the recording is told from its first version: its creation, conditions, starts and
 * deletion request at the times the object itself states (no earlier version bounds them), the rest at arrival.
 */
import { isoMs, isoTime } from "../base/index.ts";
import { type LifecycleAction, type LifecycleRecord, type ObjectRecord, parseTimestamp } from "../record/index.ts";
import { at, numberOf, textOf } from "./json-value.ts";
import {
  type ContainerRun,
  type ContainerStatus,
  type ContainerSummary,
  findCondition,
  type PodSummary,
  readContainers,
  summarise,
} from "./pod-summary.ts";
import { redactMessage } from "./redact.ts";

/** A lifecycle record that the recorder has not stamped yet. */
export type LifecycleDraft = Omit<LifecycleRecord, "seq" | "at">;

export interface PodStep {
  /** To be handed in with the next version of the same pod; needless after `deleted`. */
  readonly summary: PodSummary;
  readonly transitions: readonly LifecycleDraft[];
}

/** What one version shows beside the version before it. */
interface Versions {
  readonly record: ObjectRecord;
  readonly pod: unknown;
  readonly previous: PodSummary | undefined;
  readonly now: PodSummary;
  readonly containers: readonly ContainerStatus[];
}

type Facts = Partial<Omit<LifecycleDraft, "type" | "action" | "time">>;
interface Transition {
  readonly action: LifecycleAction;
  /** Milliseconds since 1970; the arrival when absent. */
  readonly time?: number | undefined;
  readonly facts?: Facts;
}

/** The end of a container's second, so that lines of the same second stay before it. */
const REST_OF_SECOND_MS = 999;

/**
 * Transitions between `previous` and the version in `record`, oldest first. `parsed` is the version's JSON.
 * Texts out of the status (a termination message may be anything) are redacted.
 */
export function stepPod(previous: PodSummary | undefined, record: ObjectRecord, parsed: unknown): PodStep {
  const containers = readContainers(parsed);
  const summary = summarise(parsed, containers, isoMs(record.at), previous);
  const versions: Versions = { record, pod: parsed, previous, now: summary, containers };
  const found = beginnings(versions);
  for (const each of containers) found.push(...containerSteps(versions, each));
  found.push(...endings(versions));
  const drafts = found.map((transition) => draft(versions, transition));
  // Stable: what happened in the same millisecond keeps the order of a pod's life.
  if (drafts.length > 1) drafts.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  return { summary, transitions: drafts };
}

function beginnings({ record, pod, previous, now }: Versions): Transition[] {
  const found: Transition[] = [];
  if (previous === undefined) {
    const created = parseTimestamp(textOf(at(pod, "metadata", "creationTimestamp")) ?? "");
    // A watch shows the creation as it happens, finer than the object's whole seconds.
    found.push({ action: "created", time: record.change === "ADDED" ? undefined : created, facts: { to: now.phase } });
  }
  if (now.isScheduled && previous?.isScheduled !== true) {
    const node = textOf(at(pod, "spec", "nodeName"));
    found.push({
      action: "scheduled",
      time: stated(previous, pod, "PodScheduled"),
      facts: node === undefined ? {} : { to: node },
    });
  }
  if (now.isInitialized && previous?.isInitialized !== true) {
    found.push({ action: "initialized", time: stated(previous, pod, "Initialized") });
  }
  return found;
}

function endings(versions: Versions): Transition[] {
  const { record, pod, previous, now } = versions;
  const found: Transition[] = [];
  if (now.isReady && previous?.isReady !== true) found.push({ action: "ready", time: stated(previous, pod, "Ready") });
  if (!now.isReady && previous?.isReady === true) {
    found.push({ action: "not-ready", facts: reasonOf(findCondition(at(pod, "status"), "Ready")) });
  }
  if (previous !== undefined && previous.phase !== now.phase) {
    found.push({ action: "phase-changed", facts: { from: previous.phase, to: now.phase, ...reasonOf(at(pod, "status")) } });
  }
  if (now.isEvicted && previous?.isEvicted !== true) found.push({ action: "evicted", facts: reasonOf(at(pod, "status")) });
  if (now.isDeleting && previous?.isDeleting !== true) {
    found.push({ action: "deletion-requested", time: previous === undefined ? deletionRequest(pod) : undefined });
  }
  if (record.change === "DELETED") found.push({ action: "deleted", facts: { from: now.phase } });
  return found;
}

function containerSteps(versions: Versions, status: ContainerStatus): Transition[] {
  const before = versions.previous?.containers[status.name];
  return [...missedRuns(versions, status, before), ...currentRun(versions, status, before)];
}

/** Runs that ended before the current one and that no version showed, or whose end none showed. */
function missedRuns(versions: Versions, status: ContainerStatus, before: ContainerSummary | undefined): Transition[] {
  const { last, summary } = status;
  const isLastNew = last?.containerId !== undefined && last.containerId !== before?.lastId;
  const isLastKnown = before?.containerId !== undefined && before.containerId === last?.containerId;
  const found: Transition[] = [];
  if (before?.state === "running" && !isSameRun(before, summary) && !(isLastNew && isLastKnown)) {
    // Two restarts between two versions: that this run ended is certain, how is not; at the latest when the next one started.
    const next = isLastNew ? last?.startedAt : status.current.startedAt;
    const time = within(versions, parseTimestamp(next ?? ""));
    found.push({
      action: "container-terminated",
      time,
      facts: { ...factsOf(status, before), from: "running", to: "terminated" },
    });
  }
  if (!isLastNew || last === undefined) return found;
  const restartCount = Math.max(0, summary.restartCount - (summary.state === "waiting" ? 0 : 1));
  if (!isLastKnown) found.push(...startOf(versions, status, { run: last, from: "waiting", restartCount }));
  if (!isLastKnown || before?.state === "running")
    found.push(endOf(versions, status, { run: last, from: "running", restartCount }));
  return found;
}

function currentRun(versions: Versions, status: ContainerStatus, before: ContainerSummary | undefined): Transition[] {
  const { summary, current } = status;
  const from = before === undefined ? {} : { from: before.state };
  if (summary.state === "waiting") {
    if (before?.state === "waiting" && before.reason === summary.reason) return [];
    return [
      { action: "container-waiting", facts: { ...factsOf(status, summary), ...from, to: "waiting", ...reasonOf(current) } },
    ];
  }
  const isSame = before !== undefined && isSameRun(before, summary);
  const found: Transition[] = [];
  const run = { run: current, restartCount: summary.restartCount };
  if (!isSame)
    found.push(...startOf(versions, status, { ...run, from: before?.state === "terminated" ? "terminated" : "waiting" }));
  if (summary.state === "terminated") {
    if (!isSame || before.state !== "terminated") found.push(endOf(versions, status, { ...run, from: "running" }));
  } else if (summary.ready && !(isSame && before.ready)) {
    const time = stated(versions.previous, versions.pod, "ContainersReady");
    found.push({ action: "container-ready", time, facts: factsOf(status, summary) });
  }
  return found;
}

interface RunOf {
  readonly run: ContainerRun;
  readonly from: string;
  readonly restartCount: number;
}

/** None for a run without a start: the container could not be created, or its runtime lost it. */
function startOf(versions: Versions, status: ContainerStatus, { run, from, restartCount }: RunOf): Transition[] {
  if (run.startedAt === undefined) return [];
  const facts = { ...factsOf(status, { ...run, restartCount }), from, to: "running", startedAt: run.startedAt };
  return [{ action: "container-started", time: within(versions, parseTimestamp(run.startedAt)), facts }];
}

function endOf(versions: Versions, status: ContainerStatus, { run, from, restartCount }: RunOf): Transition {
  const finished = parseTimestamp(run.finishedAt ?? "");
  const facts: Facts = {
    ...factsOf(status, { ...run, restartCount }),
    from,
    to: "terminated",
    ...reasonOf(run),
    ...(run.exitCode === undefined ? {} : { exitCode: run.exitCode }),
    ...(run.signal === undefined ? {} : { signal: run.signal }),
    ...(run.startedAt === undefined ? {} : { startedAt: run.startedAt }),
    ...(run.finishedAt === undefined ? {} : { finishedAt: run.finishedAt }),
  };
  return {
    action: "container-terminated",
    time: within(versions, finished === undefined ? undefined : finished + REST_OF_SECOND_MS),
    facts,
  };
}

function factsOf(status: ContainerStatus, run: { readonly containerId?: string; readonly restartCount: number }): Facts {
  return {
    container: status.name,
    ...(run.containerId === undefined ? {} : { containerId: run.containerId }),
    restartCount: run.restartCount,
  };
}

function reasonOf(of: unknown): Facts {
  const reason = textOf(at(of, "reason"));
  const message = textOf(at(of, "message"));
  return { ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message: redactMessage(message) }) };
}

function isSameRun(before: ContainerSummary, now: ContainerSummary): boolean {
  if (before.state === "waiting" || now.state === "waiting") return false;
  return before.containerId === now.containerId && before.restartCount === now.restartCount;
}

/** When a condition turned, for a pod that is seen for the first time; a later version is dated by its arrival. */
function stated(previous: PodSummary | undefined, pod: unknown, condition: string): number | undefined {
  if (previous !== undefined) return undefined;
  return parseTimestamp(textOf(findCondition(at(pod, "status"), condition)?.["lastTransitionTime"]) ?? "");
}

/** `deletionTimestamp` lies in the future by the grace period. */
function deletionRequest(pod: unknown): number | undefined {
  const deletion = parseTimestamp(textOf(at(pod, "metadata", "deletionTimestamp")) ?? "");
  const graceSeconds = numberOf(at(pod, "metadata", "deletionGracePeriodSeconds")) ?? 0;
  return deletion === undefined ? undefined : deletion - graceSeconds * 1000;
}

function within({ previous, now }: Versions, time: number | undefined): number | undefined {
  return time === undefined ? undefined : Math.min(now.receivedAt, Math.max(previous?.receivedAt ?? -Infinity, time));
}

function draft({ record, pod, now }: Versions, { action, time, facts }: Transition): LifecycleDraft {
  const node = textOf(at(pod, "spec", "nodeName"));
  return {
    type: "lifecycle",
    epoch: record.epoch,
    uid: record.uid,
    namespace: record.namespace ?? "",
    name: record.name,
    action,
    time: isoTime(Math.min(time ?? now.receivedAt, now.receivedAt)),
    version: record.seq,
    resourceVersion: record.resourceVersion,
    ...facts,
    ...(node === undefined ? {} : { node }),
  };
}
