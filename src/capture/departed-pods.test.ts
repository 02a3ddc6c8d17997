import { describe, expect, it } from "vitest";
import type { FaroRecord, ObjectRecord } from "../record/index.ts";
import { departedPod, DepartedPods, UnreadLogs } from "./departed-pods.ts";

const AT = "2026-01-01T00:00:00.000Z";
const POD = {
  status: { containerStatuses: [{ name: "app", restartCount: 0, containerID: "c-1", state: { running: { startedAt: AT } } }] },
};

describe("the deleted pods that a recording leaves unread", () => {
  it.each<[string, readonly FaroRecord[], boolean, boolean]>([
    ["one whose log was never opened", [], false, true],
    ["one whose log broke off", [], false, true],
    ["one whose log ended", [], true, false],
    ["one whose log a gap calls unavailable", [gap("log-unavailable")], false, false],
    ["one whose log has a hole of another cause", [gap("rotation")], false, true],
  ])("%s", (_, records, hasEnded, isUnread) => {
    const unread = new UnreadLogs();
    for (const record of records) unread.accept(record);
    unread.depart("p-1", departedPod(deleted(), POD));
    expect(unread.result(new Set(["p-1"]), new Set(hasEnded ? ["c-1"] : [])).has("p-1")).toBe(isUnread);
  });

  it("are those of stories alone", () => {
    const unread = new UnreadLogs();
    unread.depart("p-1", departedPod(deleted(), POD));
    expect(unread.result(new Set(), new Set()).size).toBe(0);
  });
});

it("remembers deleted pods until they are asked for, and no more than it can", () => {
  const departed = new DepartedPods();
  const sights = [{ container: "app", kind: "app", current: undefined, last: undefined } as const];
  for (let index = 0; index < 1_001; index++) departed.remember(`p-${index}`, { namespace: "ns", name: `pod-${index}`, sights });
  departed.remember("never-started", { namespace: "ns", name: "pod", sights: [] });
  expect(departed.take("p-0")).toBeUndefined();
  expect(departed.take("never-started")).toBeUndefined();
  expect(departed.take("p-1000")?.name).toBe("pod-1000");
  expect(departed.take("p-1000")).toBeUndefined();
});

function deleted(): ObjectRecord {
  const identity = { resource: "pods.v1", apiVersion: "v1", kind: "Pod", namespace: "ns", name: "pod", uid: "p-1" };
  const seen = { type: "object", seq: 2, at: AT, epoch: 1, scope: "pods.v1/ns", change: "DELETED", observedBy: "watch" } as const;
  return { ...seen, ...identity, resourceVersion: "9", owners: [], raw: Buffer.from("{}") };
}

function gap(cause: "log-unavailable" | "rotation"): FaroRecord {
  return { type: "gap", seq: 1, at: AT, gap: "gap-1", state: "opened", scope: "log:p-1/app", cause, from: AT, uid: "p-1" };
}
