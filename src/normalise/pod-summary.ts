/**
 * What must be remembered of a pod's last version to tell what the next one changed: states, not texts, a few
 * hundred bytes per pod, and plain JSON.
 */
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

/** Every container status of the pod in the order init, app, ephemeral. */
export function readContainers(pod: unknown): readonly ContainerStatus[] {
  const sidecars = new Set(
    objectsOf(at(pod, "spec", "initContainers"))
      .filter((container) => container["restartPolicy"] === "Always")
      .map((container) => textOf(container["name"])),
  );
  const read = (list: string, kind: ContainerKind): readonly ContainerStatus[] => {
    return objectsOf(at(pod, "status", list)).flatMap((status) => {
      const name = textOf(status["name"]);
      if (name === undefined) return [];
      return [readContainer(status, name, kind === "init" && sidecars.has(name) ? "sidecar" : kind)];
    });
  };
  return [
    ...read("initContainerStatuses", "init"),
    ...read("containerStatuses", "app"),
    ...read("ephemeralContainerStatuses", "ephemeral"),
  ];
}

/** The summary of one version that arrived at `receivedAt`. */
export function summarise(pod: unknown, containers: readonly ContainerStatus[], receivedAt: number): PodSummary {
  const status = objectOf(at(pod, "status")) ?? {};
  return {
    receivedAt,
    phase: textOf(status["phase"]) ?? "Unknown",
    isScheduled: hasCondition(status, "PodScheduled") || textOf(at(pod, "spec", "nodeName")) !== undefined,
    isInitialized: hasCondition(status, "Initialized"),
    isReady: hasCondition(status, "Ready"),
    isDeleting: textOf(at(pod, "metadata", "deletionTimestamp")) !== undefined,
    isEvicted: status["reason"] === "Evicted",
    containers: Object.fromEntries(containers.map(({ name, summary }) => [name, summary])),
  };
}

/** The pod's condition of this type, whatever its status. */
export function findCondition(status: unknown, type: string): JsonObject | undefined {
  return objectsOf(at(status, "conditions")).find((condition) => condition["type"] === type);
}

function hasCondition(status: unknown, type: string): boolean {
  return findCondition(status, type)?.["status"] === "True";
}

function readContainer(status: JsonObject, name: string, kind: ContainerKind): ContainerStatus {
  const running = objectOf(at(status, "state", "running"));
  const terminated = objectOf(at(status, "state", "terminated"));
  const lastTerminated = objectOf(at(status, "lastState", "terminated"));
  const state = running !== undefined ? "running" : terminated !== undefined ? "terminated" : "waiting";
  const current = readRun(running ?? terminated ?? objectOf(at(status, "state", "waiting")) ?? {});
  const last = lastTerminated === undefined ? undefined : readRun(lastTerminated);
  // While a container waits for its next run, `containerID` still names the last one.
  const containerId = state === "waiting" ? undefined : (current.containerId ?? textOf(status["containerID"]));
  return {
    name,
    summary: {
      kind,
      state,
      ...(containerId === undefined ? {} : { containerId }),
      ...(current.reason === undefined ? {} : { reason: current.reason }),
      ready: status["ready"] === true,
      restartCount: numberOf(status["restartCount"]) ?? 0,
      ...(last?.containerId === undefined ? {} : { lastId: last.containerId }),
    },
    current: { ...current, ...(containerId === undefined ? {} : { containerId }) },
    ...(last === undefined ? {} : { last }),
  };
}

function readRun(run: JsonObject): ContainerRun {
  const texts = Object.fromEntries(
    (["startedAt", "finishedAt", "reason", "message"] as const).flatMap((key) => {
      const text = textOf(run[key]);
      return text === undefined ? [] : [[key, text]];
    }),
  );
  const containerId = textOf(run["containerID"]);
  const exitCode = numberOf(run["exitCode"]);
  const signal = numberOf(run["signal"]);
  return {
    ...texts,
    ...(containerId === undefined ? {} : { containerId }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined || signal === 0 ? {} : { signal }),
  };
}
