/** The READY, STATUS and RESTARTS cells of a pod (kubernetes `printers/internalversion/printers.go printPod`). */
import { humanDuration } from "./human-duration.ts";
import { listAt, numberAt, textAt, valueAt } from "./json-value.ts";

export interface PodSummary {
  readonly ready: string;
  readonly status: string;
  readonly restarts: string;
}

/** `now` is in milliseconds. */
export function summarizePod(pod: unknown, now: number): PodSummary {
  const containers = listAt(pod, "status", "containerStatuses");
  const total = listAt(pod, "spec", "containers").length;
  const ready = containers.filter((container) => valueAt(container, "ready") === true).length;
  return { ready: `${ready}/${total}`, status: statusText(pod, containers), restarts: restartsText(pod, containers, now) };
}

function statusText(pod: unknown, containers: readonly unknown[]): string {
  if (textAt(pod, "metadata", "deletionTimestamp") !== undefined) {
    return textAt(pod, "status", "reason") === "NodeLost" ? "Unknown" : "Terminating";
  }
  const phase = textAt(pod, "status", "reason") ?? textAt(pod, "status", "phase") ?? "Pending";
  return initText(pod) ?? containersText(containers, phase);
}

function initText(pod: unknown): string | undefined {
  const statuses = listAt(pod, "status", "initContainerStatuses");
  const total = listAt(pod, "spec", "initContainers").length;
  for (const [index, status] of statuses.entries()) {
    const terminated = valueAt(status, "state", "terminated");
    if (numberAt(terminated, "exitCode") === 0 || valueAt(status, "started") === true) continue;
    if (terminated !== undefined) return `Init:${textAt(terminated, "reason") ?? `ExitCode:${numberAt(terminated, "exitCode")}`}`;
    const waiting = textAt(status, "state", "waiting", "reason") ?? "";
    return waiting !== "" && waiting !== "PodInitializing" ? `Init:${waiting}` : `Init:${index}/${total}`;
  }
  return undefined;
}

function containersText(containers: readonly unknown[], phase: string): string {
  let text = phase;
  let hasRunning = false;
  for (const container of containers.toReversed()) {
    const waiting = textAt(container, "state", "waiting", "reason");
    const terminated = valueAt(container, "state", "terminated");
    if (waiting !== undefined) text = waiting;
    else if (terminated !== undefined) text = textAt(terminated, "reason") ?? `ExitCode:${numberAt(terminated, "exitCode")}`;
    else if (valueAt(container, "ready") === true && valueAt(container, "state", "running") !== undefined) hasRunning = true;
  }
  return text === "Completed" && hasRunning ? "Running" : text;
}

function restartsText(pod: unknown, containers: readonly unknown[], now: number): string {
  const all = isInitializing(pod) ? listAt(pod, "status", "initContainerStatuses") : containers;
  const restarts = all.reduce<number>((sum, container) => sum + (numberAt(container, "restartCount") ?? 0), 0);
  const ends = all
    .map((container) => Date.parse(textAt(container, "lastState", "terminated", "finishedAt") ?? ""))
    .filter(Number.isFinite);
  return restarts === 0 || ends.length === 0 ? String(restarts) : `${restarts} (${humanDuration(now - Math.max(...ends))} ago)`;
}

function isInitializing(pod: unknown): boolean {
  return initText(pod) !== undefined;
}
