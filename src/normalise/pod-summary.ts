/**
 * What must be remembered of a pod's last version to tell what the next one changed: states, not texts, a few
 * hundred bytes per pod, and plain JSON.
 */
import { unchanged } from "../base/index.ts";
import type { ContainerKind } from "../record/index.ts";
import { at, type JsonObject, numberOf, objectOf, objectsOf, textOf } from "./json-value.ts";

/** State of one container, as far as transitions need it. */
export interface ContainerSummary {
  readonly kind: ContainerKind;
  readonly state: "waiting" | "running" | "terminated";
  /** Id of the run that `state` speaks of; absent while waiting for the first one. */
  readonly containerId?: string;
  readonly reason?: string;
  readonly ready: boolean;
  readonly restartCount: number;
  /** Id of the run that `lastState` speaks of. */
  readonly lastId?: string;
}

export interface PodSummary {
  /** Arrival of the version, milliseconds since 1970. */
  readonly receivedAt: number;
  readonly phase: string;
  readonly isScheduled: boolean;
  readonly isInitialized: boolean;
  readonly isReady: boolean;
  readonly isDeleting: boolean;
  readonly isEvicted: boolean;
  readonly containers: Readonly<Record<string, ContainerSummary>>;
}

/** One run of a container, as `running` or `terminated` of a state or last state tells it. */
export interface ContainerRun {
  readonly containerId?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly exitCode?: number;
  readonly signal?: number;
}

/** One container's status with the facts that transitions report. */
export interface ContainerStatus {
  readonly name: string;
  readonly summary: ContainerSummary;
  readonly current: ContainerRun;
  /** `lastState.terminated`: how the run before this one ended. */
  readonly last?: ContainerRun;
}

const STATUS_LISTS = [
  ["initContainerStatuses", "init"],
  ["containerStatuses", "app"],
  ["ephemeralContainerStatuses", "ephemeral"],
] as const;

/** Every container status of the pod in the order init, app, ephemeral. */
export function readContainers(pod: unknown): readonly ContainerStatus[] {
  const status = objectOf(objectOf(pod)?.["status"]);
  const found: ContainerStatus[] = [];
  if (status === undefined) return found;
  for (const [list, kind] of STATUS_LISTS) {
    const statuses = status[list];
    if (!Array.isArray(statuses)) continue;
    for (const each of statuses) {
      const container = objectOf(each);
      const name = textOf(container?.["name"]);
      if (container === undefined || name === undefined) continue;
      found.push(readContainer(container, name, kind === "init" && isSidecar(pod, name) ? "sidecar" : kind));
    }
  }
  return found;
}

function isSidecar(pod: unknown, name: string): boolean {
  return objectsOf(at(pod, "spec", "initContainers")).some(
    (container) => container["restartPolicy"] === "Always" && container["name"] === name,
  );
}

/** The summary of one version that arrived at `receivedAt`. What is as `before` is the very same. */
export function summarise(
  pod: unknown,
  containers: readonly ContainerStatus[],
  receivedAt: number,
  before: PodSummary | undefined,
): PodSummary {
  const status = objectOf(at(pod, "status")) ?? {};
  return {
    receivedAt,
    phase: textOf(status["phase"]) ?? "Unknown",
    isScheduled: hasCondition(status, "PodScheduled") || textOf(at(pod, "spec", "nodeName")) !== undefined,
    isInitialized: hasCondition(status, "Initialized"),
    isReady: hasCondition(status, "Ready"),
    isDeleting: textOf(at(pod, "metadata", "deletionTimestamp")) !== undefined,
    isEvicted: status["reason"] === "Evicted",
    containers: summaries(containers, before?.containers),
  };
}

function summaries(containers: readonly ContainerStatus[], before: PodSummary["containers"] = {}): PodSummary["containers"] {
  return unchanged(before, Object.fromEntries(containers.map(({ name, summary }) => [name, unchanged(before[name], summary)])));
}

/** The pod's condition of this type, whatever its status. */
export function findCondition(status: unknown, type: string): JsonObject | undefined {
  const conditions = objectOf(status)?.["conditions"];
  if (!Array.isArray(conditions)) return undefined;
  for (const each of conditions) {
    const condition = objectOf(each);
    if (condition?.["type"] === type) return condition;
  }
  return undefined;
}

function hasCondition(status: unknown, type: string): boolean {
  return findCondition(status, type)?.["status"] === "True";
}

function readContainer(status: JsonObject, name: string, kind: ContainerKind): ContainerStatus {
  const state = objectOf(status["state"]);
  const running = objectOf(state?.["running"]);
  const terminated = objectOf(state?.["terminated"]);
  const lastTerminated = objectOf(objectOf(status["lastState"])?.["terminated"]);
  const isWaiting = running === undefined && terminated === undefined;
  const current = readRun(running ?? terminated ?? objectOf(state?.["waiting"]) ?? {});
  const last = lastTerminated === undefined ? undefined : readRun(lastTerminated);
  // While a container waits for its next run, `containerID` still names the last one.
  const containerId = isWaiting ? undefined : (current.containerId ?? textOf(status["containerID"]));
  if (containerId !== undefined) current.containerId = containerId;
  const summary: Draft<ContainerSummary> = {
    kind,
    state: running !== undefined ? "running" : terminated !== undefined ? "terminated" : "waiting",
    ready: status["ready"] === true,
    restartCount: numberOf(status["restartCount"]) ?? 0,
  };
  if (containerId !== undefined) summary.containerId = containerId;
  if (current.reason !== undefined) summary.reason = current.reason;
  if (last?.containerId !== undefined) summary.lastId = last.containerId;
  return last === undefined ? { name, summary, current } : { name, summary, current, last };
}

/** What is made field by field: a spread for each optional one takes several times as long. */
type Draft<T> = { -readonly [Field in keyof T]: T[Field] };

function readRun(run: JsonObject): Draft<ContainerRun> {
  const found: Draft<ContainerRun> = {};
  for (const key of ["startedAt", "finishedAt", "reason", "message"] as const) {
    const text = textOf(run[key]);
    if (text !== undefined) found[key] = text;
  }
  const containerId = textOf(run["containerID"]);
  if (containerId !== undefined) found.containerId = containerId;
  const exitCode = numberOf(run["exitCode"]);
  if (exitCode !== undefined) found.exitCode = exitCode;
  const signal = numberOf(run["signal"]);
  if (signal !== undefined && signal !== 0) found.signal = signal;
  return found;
}
