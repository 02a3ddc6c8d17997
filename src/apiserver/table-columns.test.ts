import { describe, expect, test } from "vitest";
import { humanDuration } from "./human-duration.ts";
import { columnsOf } from "./table-columns.ts";

const S = 1_000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;
const NOW = Date.UTC(2026, 0, 2);

function row(storage: string, object: object): string {
  return columnsOf(storage)
    .filter((column) => column.wide !== true)
    .map((column) => column.cell(object, NOW))
    .join(" | ");
}

function pod(status: object, metadata: object = {}): object {
  return {
    metadata: { name: "a", creationTimestamp: "2026-01-01T23:59:00Z", ...metadata },
    spec: { containers: [{}], initContainers: [{}] },
    status,
  };
}

test.each([
  [-5, "0s"],
  [119 * S, "119s"],
  [120 * S, "2m"],
  [9 * M + 59 * S, "9m59s"],
  [10 * M, "10m"],
  [179 * M, "179m"],
  [3 * H, "3h"],
  [7 * H + 5 * M, "7h5m"],
  [47 * H, "47h"],
  [3 * D + 4 * H, "3d4h"],
  [8 * D, "8d"],
  [729 * D, "729d"],
  [735 * D, "2y5d"],
  [3_000 * D, "8y"],
])("%d ms is shown as %s", (ms, expected) => {
  expect(humanDuration(ms)).toBe(expected);
});

describe("the cells of a pod", () => {
  const app = (state: object, extra: object = {}): object => ({ ready: false, restartCount: 0, state, ...extra });

  test.each([
    [pod({ phase: "Pending" }), "a | 0/1 | Pending | 0 | 60s"],
    [
      pod({ phase: "Running", containerStatuses: [{ ready: true, restartCount: 0, state: { running: {} } }] }),
      "a | 1/1 | Running | 0 | 60s",
    ],
    [
      pod({
        phase: "Running",
        containerStatuses: [
          app(
            { waiting: { reason: "CrashLoopBackOff" } },
            { restartCount: 3, lastState: { terminated: { finishedAt: "2026-01-01T23:59:50Z" } } },
          ),
        ],
      }),
      "a | 0/1 | CrashLoopBackOff | 3 (10s ago) | 60s",
    ],
    [pod({ phase: "Failed", containerStatuses: [app({ terminated: { exitCode: 2 } })] }), "a | 0/1 | ExitCode:2 | 0 | 60s"],
    [pod({ phase: "Failed", reason: "Evicted" }), "a | 0/1 | Evicted | 0 | 60s"],
    [pod({ phase: "Running" }, { deletionTimestamp: "2026-01-02T00:00:00Z" }), "a | 0/1 | Terminating | 0 | 60s"],
    [
      pod({ phase: "Pending", initContainerStatuses: [app({ waiting: { reason: "PodInitializing" } })] }),
      "a | 0/1 | Init:0/1 | 0 | 60s",
    ],
    [
      pod({ phase: "Pending", initContainerStatuses: [app({ waiting: { reason: "ImagePullBackOff" } })] }),
      "a | 0/1 | Init:ImagePullBackOff | 0 | 60s",
    ],
    [
      pod({ phase: "Pending", initContainerStatuses: [app({ terminated: { exitCode: 1, reason: "Error" } })] }),
      "a | 0/1 | Init:Error | 0 | 60s",
    ],
    [
      pod({
        phase: "Running",
        containerStatuses: [{ ready: true, state: { running: {} } }, app({ terminated: { exitCode: 0, reason: "Completed" } })],
      }),
      "a | 1/1 | Running | 0 | 60s",
    ],
  ])("%#", (object, expected) => {
    expect(row("/pods", object)).toBe(expected);
  });
});

test.each([
  [
    "apps/deployments",
    { spec: { replicas: 3 }, status: { readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2 } },
    "a | 2/3 | 1 | 2 | 1d",
  ],
  ["apps/replicasets", { spec: { replicas: 3 }, status: { replicas: 3 } }, "a | 3 | 3 | 0 | 1d"],
  ["apps/statefulsets", { status: {} }, "a | 0/1 | 1d"],
  ["apps/daemonsets", { status: { desiredNumberScheduled: 2, numberReady: 1 } }, "a | 2 | 0 | 1 | 1d"],
  ["/configmaps", { data: { a: "", b: "" }, binaryData: { c: "" } }, "a | 3 | 1d"],
  ["/secrets", { data: { a: "" } }, "a | Opaque | 1 | 1d"],
  ["/namespaces", { status: { phase: "Active" } }, "a | Active | 1d"],
  ["/services", { spec: { clusterIP: "10.0.0.1", ports: [{ port: 80 }] } }, "a | ClusterIP | 10.0.0.1 | <none> | 80/TCP | 1d"],
  [
    "/nodes",
    { spec: { unschedulable: true }, status: { conditions: [{ type: "Ready", status: "True" }] } },
    "a | Ready,SchedulingDisabled | <none> | 1d | ",
  ],
  [
    "/events",
    {
      type: "Normal",
      reason: "R",
      involvedObject: { kind: "Pod", name: "p" },
      lastTimestamp: "2026-01-01T23:59:59Z",
      message: "m\n",
    },
    "1s | Normal | R | pod/p | m",
  ],
  ["apiextensions.k8s.io/customresourcedefinitions", {}, "a | 2026-01-01T00:00:00Z"],
  ["storage.k8s.io/storageclasses", {}, "a | 1d"],
])("a row of %s", (storage, object, expected) => {
  const text = row(storage, { metadata: { name: "a", creationTimestamp: "2026-01-01T00:00:00Z" }, ...object });
  expect(text.replace("24h", "1d")).toBe(expected);
});

test("-o wide adds its columns", () => {
  const wide = (storage: string, object: object): string =>
    columnsOf(storage)
      .filter((column) => column.wide === true)
      .map((column) => column.cell(object, NOW))
      .join(" | ");
  expect(wide("/pods", { spec: { nodeName: "n" }, status: { podIP: "10.0.0.1" } })).toBe("10.0.0.1 | n | <none> | <none>");
  const template = {
    spec: {
      containers: [
        { name: "a", image: "x:1" },
        { name: "b", image: "y:2" },
      ],
    },
  };
  expect(wide("apps/deployments", { spec: { template, selector: { matchLabels: { app: "web", tier: "front" } } } })).toBe(
    "a,b | x:1,y:2 | app=web,tier=front",
  );
  expect(wide("/services", { spec: {} })).toBe("<none>");
  expect(
    wide("/events", {
      metadata: { name: "e" },
      involvedObject: { fieldPath: "spec.containers{a}" },
      source: { component: "kubelet", host: "n" },
      firstTimestamp: "2026-01-01T23:59:50Z",
      count: 3,
    }),
  ).toBe("spec.containers{a} | kubelet, n | 10s | 3 | e");
  expect(row("/nodes", { metadata: { name: "a", labels: { "node-role.kubernetes.io/control-plane": "" } } })).toBe(
    "a | Unknown | control-plane | <unknown> | ",
  );
});
