/** Whether an object is ready, as kubectl's `wait` and `rollout status` judge it. Pure. */
import { field, listField } from "../base/index.ts";

export type Readiness = "ready" | "not-ready" | "failed";

/**
 * `kind` is the object's kind, `object` the parsed object. Kinds without a rule of their own are ready by their condition
 * `Ready` or `Available`.
 */
export function readinessOf(kind: string, object: unknown): Readiness {
  const status = field(object, "status");
  switch (kind) {
    case "Deployment":
      if (conditionOf(status, "Progressing")?.reason === "ProgressDeadlineExceeded") return "failed";
      return isObserved(object) && isCount(object, ["updatedReplicas", "availableReplicas", "replicas"]) ? "ready" : "not-ready";
    case "StatefulSet":
      return isObserved(object) && isCount(object, ["updatedReplicas", "readyReplicas", "replicas"]) ? "ready" : "not-ready";
    case "ReplicaSet":
    case "ReplicationController":
      return isObserved(object) && isCount(object, ["readyReplicas"]) ? "ready" : "not-ready";
    case "DaemonSet": {
      const wanted = numberOf(status, "desiredNumberScheduled");
      const isReady = numberOf(status, "updatedNumberScheduled") >= wanted && numberOf(status, "numberAvailable") >= wanted;
      return isObserved(object) && isReady ? "ready" : "not-ready";
    }
    case "Pod":
      if (field(status, "phase") === "Failed") return "failed";
      return field(status, "phase") === "Succeeded" || conditionOf(status, "Ready")?.status === "True" ? "ready" : "not-ready";
    case "Job":
      if (conditionOf(status, "Failed")?.status === "True") return "failed";
      return conditionOf(status, "Complete")?.status === "True" ? "ready" : "not-ready";
    default: {
      const condition = conditionOf(status, "Ready") ?? conditionOf(status, "Available");
      return condition?.status === "True" ? "ready" : "not-ready";
    }
  }
}

/** The controller has acted on the newest spec. */
function isObserved(object: unknown): boolean {
  const generation = field(field(object, "metadata"), "generation");
  return generation === undefined || numberOf(field(object, "status"), "observedGeneration") >= Number(generation);
}

function isCount(object: unknown, fields: readonly string[]): boolean {
  const replicas = field(field(object, "spec"), "replicas");
  const wanted = typeof replicas === "number" ? replicas : 1;
  return fields.every((name) => numberOf(field(object, "status"), name) === wanted);
}

function numberOf(status: unknown, name: string): number {
  const value = field(status, name);
  return typeof value === "number" ? value : 0;
}

function conditionOf(status: unknown, type: string): { readonly status: unknown; readonly reason: unknown } | undefined {
  const condition = listField(status, "conditions").find((candidate) => field(candidate, "type") === type);
  return condition === undefined ? undefined : { status: field(condition, "status"), reason: field(condition, "reason") };
}
