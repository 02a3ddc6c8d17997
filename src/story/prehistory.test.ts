import { expect, test } from "vitest";
import { at, belongs, kubeEvent, lifecycle, numbered, object, opened, STORY, storyOf } from "./recording.cases.ts";

const raw = (value: object): Buffer => Buffer.from(JSON.stringify(value));
const deployment = {
  kind: "Deployment",
  metadata: {
    name: "web",
    uid: "d-1",
    creationTimestamp: "2025-12-31T08:00:00Z",
    annotations: { "deployment.kubernetes.io/revision": "4" },
    managedFields: [
      { manager: "helm", operation: "Update", time: "2025-12-31T09:00:00Z" },
      { manager: "kube-controller-manager", subresource: "status", time: "2026-01-01T09:59:59Z" },
    ],
  },
  status: {
    conditions: [
      { type: "Available", status: "False", reason: "MinimumReplicasUnavailable", lastTransitionTime: "2026-01-01T09:30:00Z" },
    ],
  },
};

const listed = { at: at("10:00:00"), name: "web", apiVersion: "apps/v1", raw: raw(deployment) } as const;

test("an object that was there before tells what its fields still say of that time, with the field, oldest first", async () => {
  const { objects } = await storyOf(
    numbered([opened(at("10:00:00")), object("Deployment", "d-1", { ...listed, change: "LISTED" })]),
    STORY,
  );
  expect(
    objects[0]?.before?.map(({ reconstructed, timestamp, what, source }) => [reconstructed, timestamp, what, source]),
  ).toEqual([
    [true, "2025-12-31T08:00:00.000Z", "created as revision 4", "metadata.creationTimestamp"],
    [true, "2025-12-31T09:00:00.000Z", "helm wrote it last", "metadata.managedFields[manager=helm].time"],
    [
      true,
      "2026-01-01T09:30:00.000Z",
      "Available became False (MinimumReplicasUnavailable)",
      "status.conditions[type=Available].lastTransitionTime",
    ],
    [
      true,
      "2026-01-01T09:59:59.000Z",
      "kube-controller-manager wrote it last (status)",
      "metadata.managedFields[manager=kube-controller-manager].time",
    ],
  ]);
});

test("a pod tells how its containers ended last", async () => {
  const terminated = {
    exitCode: 137,
    reason: "OOMKilled",
    startedAt: "2026-01-01T09:00:00Z",
    finishedAt: "2026-01-01T09:10:00Z",
  };
  const pod = {
    kind: "Pod",
    metadata: { name: "web", uid: "d-1" },
    status: { containerStatuses: [{ name: "app", lastState: { terminated } }] },
  };
  const { objects } = await storyOf(
    numbered([opened(at("10:00:00")), object("Pod", "d-1", { ...listed, change: "LISTED", raw: raw(pod) })]),
    STORY,
  );
  expect(objects[0]?.before?.map(({ what }) => what)).toEqual([
    "container app started",
    "container app ended: OOMKilled with exit code 137",
  ]);
});

test("what the pod's transitions tell of that time is told there, marked, and not twice", async () => {
  const terminated = {
    exitCode: 137,
    reason: "OOMKilled",
    containerID: "containerd://c0",
    startedAt: "2026-01-01T09:00:00Z",
    finishedAt: "2026-01-01T09:10:00Z",
  };
  const turned = (type: string, status: string): object => ({ type, status, lastTransitionTime: "2026-01-01T09:20:00Z" });
  const pod = {
    kind: "Pod",
    metadata: {
      name: "web-1",
      uid: "p-1",
      creationTimestamp: "2026-01-01T08:00:00Z",
      managedFields: [{ manager: "kubelet", subresource: "status", time: "2026-01-01T09:30:00Z" }],
    },
    status: {
      conditions: [turned("PodScheduled", "True"), turned("Ready", "False")],
      containerStatuses: [{ name: "app", lastState: { terminated } }],
    },
  };
  const records = numbered([
    opened(at("10:00:00")),
    object("Deployment", "d-1", { ...listed, change: "LISTED" }),
    object("Pod", "p-1", { at: at("10:00:00"), change: "LISTED", raw: raw(pod) }),
    lifecycle("created", at("08:00:00"), { at: at("10:00:00") }),
    lifecycle("container-waiting", at("10:00:00"), { at: at("10:00:00"), container: "app" }),
    lifecycle("ready", at("10:00:05"), { at: at("10:00:05") }),
    ...["e-old", "e-new"].map((uid) =>
      kubeEvent(uid, at("09:00:00"), {
        at: at("10:00:06"),
        ...(uid === "e-old" ? { change: "LISTED", observedBy: "list" } : {}),
      }),
    ),
    ...["p-1", "e-old", "e-new"].map((uid) => belongs(uid, at("10:00:07"))),
  ]);
  const { objects, events } = await storyOf(records, STORY);
  expect(objects.find(({ uid }) => uid === "p-1")?.before?.map(({ what }) => what)).toEqual([
    "Ready became False",
    "kubelet wrote it last (status)",
  ]);
  expect(events.flatMap((event) => (event.reconstructed === true ? [`${event.uid} ${event.action}`] : []))).toEqual([
    "p-1 created",
    "e-old add",
  ]);
});

test("an object that Faro saw created has no time before, and nothing that lies in the future is told", async () => {
  const added = await storyOf(
    numbered([opened(at("10:00:00")), object("Deployment", "d-1", { ...listed, change: "ADDED" })]),
    STORY,
  );
  expect(added.objects[0]).not.toHaveProperty("before");
  const ahead = { kind: "Deployment", metadata: { name: "web", uid: "d-1", creationTimestamp: "2027-01-01T00:00:00Z" } };
  const records = [opened(at("10:00:00")), object("Deployment", "d-1", { ...listed, change: "LISTED", raw: raw(ahead) })];
  expect((await storyOf(numbered(records), STORY)).objects[0]).not.toHaveProperty("before");
});
