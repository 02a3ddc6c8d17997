/**
 * Which container instances a pod's status shows. A container is a name; an instance is one run of it, with an id of
 * its own. The kubelet keeps the running or last instance in `state` and the one before in `lastState`.
 */
import { field, listField, textField, unchanged } from "../../base/index.ts";

export type ContainerKind = "init" | "sidecar" | "app" | "ephemeral";

/** One instance as a status shows it. */
export interface InstanceSight {
  readonly containerId: string;
  readonly restartCount: number;
  readonly ended: boolean;
  /** As the kubelet wrote it, whole seconds. */
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
}

/** What one version of a pod says about one of its containers. */
export interface ContainerSight {
  readonly container: string;
  readonly kind: ContainerKind;
  readonly current: InstanceSight | undefined;
  /** The instance before, while the kubelet still names it. */
  readonly last: InstanceSight | undefined;
}

const STATUS_LISTS = [
  { statuses: "initContainerStatuses", specs: "initContainers", kind: "init" },
  { statuses: "containerStatuses", specs: "containers", kind: "app" },
  { statuses: "ephemeralContainerStatuses", specs: "ephemeralContainers", kind: "ephemeral" },
] as const;

/**
 * All containers of a pod for which its status names at least one instance. `pod` is the parsed object. What is as `before` is the very
 * same.
 */
export function containersOf(pod: unknown, before: readonly ContainerSight[] = NONE): readonly ContainerSight[] {
  const found: ContainerSight[] = [];
  for (const { statuses, specs, kind } of STATUS_LISTS) {
    for (const status of listField(field(pod, "status"), statuses)) {
      const container = textField(status, "name");
      if (container === undefined) continue;
      const sidecar = kind === "init" && isSidecar(listField(field(pod, "spec"), specs), container);
      const sight = sightOf(status, container, sidecar ? "sidecar" : kind);
      if (sight.current !== undefined || sight.last !== undefined) found.push(unchangedSight(before[found.length], sight));
    }
  }
  return unchanged(before, found);
}

const NONE: readonly ContainerSight[] = [];

function unchangedSight(before: ContainerSight | undefined, now: ContainerSight): ContainerSight {
  if (before === undefined) return now;
  const current = now.current === undefined ? undefined : unchanged(before.current, now.current);
  const last = now.last === undefined ? undefined : unchanged(before.last, now.last);
  return unchanged(before, { container: now.container, kind: now.kind, current, last });
}

/** Waiting for one of these a container may run by now; for others, such as an image, it does not. */
const STARTING: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing"]);

/** Containers of a pod on a node that may have run although no status names an instance of them: the kubelet tells later. */
export function unseenContainersOf(pod: unknown): readonly string[] {
  const phase = textField(field(pod, "status"), "phase");
  if (textField(field(pod, "spec"), "nodeName") === undefined || phase === "Failed" || phase === "Succeeded") return [];
  const seen = new Set(containersOf(pod).map(({ container }) => container));
  return STATUS_LISTS.flatMap(({ statuses, specs }) =>
    listField(field(pod, "spec"), specs).flatMap((spec) => {
      const name = textField(spec, "name") ?? "";
      const status = listField(field(pod, "status"), statuses).find((each) => field(each, "name") === name);
      const why = textField(field(field(status, "state"), "waiting"), "reason");
      return seen.has(name) || (why !== undefined && !STARTING.has(why)) ? [] : [name];
    }),
  );
}

/** A restartable init container (KEP-753) runs beside the app for the pod's whole life. */
function isSidecar(specs: readonly unknown[], container: string): boolean {
  return specs.some((spec) => field(spec, "name") === container && field(spec, "restartPolicy") === "Always");
}

function sightOf(status: unknown, container: string, kind: ContainerKind): ContainerSight {
  const count = field(status, "restartCount");
  const restartCount = typeof count === "number" ? count : 0;
  const state = field(status, "state");
  const running = field(state, "running");
  const ended = field(state, "terminated");
  const lastEnded = field(field(status, "lastState"), "terminated");
  // While a container waits to be restarted, `containerID` and the log API both still mean the ended instance.
  const currentId = running === undefined ? textField(ended, "containerID") : textField(status, "containerID");
  const lastId = textField(lastEnded, "containerID");
  return {
    container,
    kind,
    current: currentId === undefined ? undefined : instance(currentId, restartCount, running ?? ended, running === undefined),
    last:
      lastId === undefined || lastId === currentId
        ? undefined
        : instance(lastId, lastRestartCount(restartCount, running, ended), lastEnded, true),
  };
}

/** `restartCount` counts the ended instances that are known, so `lastState` of a waiting container is the newest instance. */
function lastRestartCount(restartCount: number, running: unknown, ended: unknown): number {
  return Math.max(0, running === undefined && ended === undefined ? restartCount : restartCount - 1);
}

function instance(containerId: string, restartCount: number, times: unknown, ended: boolean): InstanceSight {
  return {
    containerId,
    restartCount,
    ended,
    startedAt: textField(times, "startedAt"),
    finishedAt: textField(times, "finishedAt"),
  };
}
