import { expect, test } from "vitest";
import { type Readiness, readinessOf } from "./readiness.ts";

const replicas = (status: object, generation: number = 2): object => ({
  metadata: { generation },
  spec: { replicas: 2 },
  status,
});
const condition = (type: string, status: string, reason?: string): object => ({
  status: { conditions: [{ type, status, reason }] },
});

const table: readonly [string, string, unknown, Readiness][] = [
  [
    "a rolled out Deployment",
    "Deployment",
    replicas({ observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 }),
    "ready",
  ],
  [
    "a Deployment whose controller has not looked",
    "Deployment",
    replicas({ observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 }),
    "not-ready",
  ],
  [
    "a Deployment with an old pod",
    "Deployment",
    replicas({ observedGeneration: 2, replicas: 3, updatedReplicas: 2, availableReplicas: 2 }),
    "not-ready",
  ],
  ["a Deployment that ran out of time", "Deployment", condition("Progressing", "False", "ProgressDeadlineExceeded"), "failed"],
  [
    "a StatefulSet",
    "StatefulSet",
    replicas({ observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2 }),
    "ready",
  ],
  ["a ReplicaSet", "ReplicaSet", replicas({ observedGeneration: 2, readyReplicas: 1 }), "not-ready"],
  [
    "a DaemonSet",
    "DaemonSet",
    replicas({ observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 }),
    "ready",
  ],
  [
    "a DaemonSet on the way",
    "DaemonSet",
    replicas({ observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2 }),
    "not-ready",
  ],
  ["a ready Pod", "Pod", condition("Ready", "True"), "ready"],
  ["a Pod that is done", "Pod", { status: { phase: "Succeeded" } }, "ready"],
  ["a failed Pod", "Pod", { status: { phase: "Failed" } }, "failed"],
  ["a complete Job", "Job", condition("Complete", "True"), "ready"],
  ["a failed Job", "Job", condition("Failed", "True"), "failed"],
  ["a running Job", "Job", { status: { active: 1 } }, "not-ready"],
  ["a custom resource", "Widget", condition("Ready", "True"), "ready"],
  ["a custom resource with another condition", "Widget", condition("Available", "True"), "ready"],
  ["a custom resource without a status", "Widget", {}, "not-ready"],
];
test.each(table)("%s", (_, kind, object, expected) => {
  expect(readinessOf(kind, object)).toBe(expected);
});
