import { describe, expect, test } from "vitest";
import type { FaroRecord, ObjectRecord } from "../record/index.ts";
import { at, belongs, kubeEvent, lifecycle, numbered, object, opened, STORY, storyOf } from "./recording.cases.ts";

const root = object("Deployment", "d-1", { at: at("10:00:00"), change: "ADDED", name: "web", apiVersion: "apps/v1" });
const node = (time: string, change: ObjectRecord["change"] = "MODIFIED"): ObjectRecord =>
  object("Node", "n-1", { at: at(time), change, scope: "nodes.v1/*" });
const relation = (state: "began" | "ended", time: string, words = "node of Pod/web-1 (spec.nodeName=n-1)"): FaroRecord => ({
  type: "relation",
  seq: 0,
  at: at(time),
  uid: "n-1",
  story: STORY,
  state,
  relation: words,
});

const versionsOf = async (records: readonly FaroRecord[], uid: string): Promise<readonly string[]> =>
  (await storyOf(numbered(records), STORY)).events
    .filter((event) => event.uid === uid)
    .map(({ received_at }) => received_at.slice(11, 19));

describe("what is shared is told while a relation holds (item 86)", () => {
  const begin = [node("09:00:00", "LISTED"), node("09:30:00"), opened(at("10:00:00")), root];

  test("from the state that it had when the relation began to its end", async () => {
    const records = [...begin, relation("began", "10:00:01"), node("10:00:02"), relation("ended", "10:00:03"), node("10:00:04")];
    expect(await versionsOf(records, "n-1")).toEqual(["09:30:00", "10:00:02"]);
  });

  test("again, when the relation begins again", async () => {
    const records = [
      ...begin,
      relation("began", "10:00:01"),
      relation("ended", "10:00:03"),
      node("10:00:04"),
      node("10:00:05"),
      relation("began", "10:00:06"),
      node("10:00:07"),
    ];
    expect(await versionsOf(records, "n-1")).toEqual(["09:30:00", "10:00:05", "10:00:07"]);
    const { objects } = await storyOf(numbered(records), STORY);
    expect(objects.find(({ uid }) => uid === "n-1")).toMatchObject({
      relation: "node of Pod/web-1 (spec.nodeName=n-1)",
      related: [
        { from: at("10:00:01"), until: at("10:00:03") },
        { from: at("10:00:06"), until: null },
      ],
    });
  });

  test("whole, when the root owns it too: its proof is then the owner", async () => {
    const records = [
      ...begin,
      belongs("n-1", at("10:00:01")),
      relation("began", "10:00:02"),
      relation("ended", "10:00:03"),
      node("10:00:04"),
    ];
    expect(await versionsOf(records, "n-1")).toEqual(["09:00:00", "09:30:00", "10:00:04"]);
    expect((await storyOf(numbered(records), STORY)).objects.find(({ uid }) => uid === "n-1")?.relation).toBe("owned by it");
  });

  test("Events about it from long before the root are left out, recent ones are told", async () => {
    const about = (uid: string, time: string): FaroRecord[] => [
      kubeEvent(uid, at(time), { at: at("10:00:01") }),
      { type: "relation", seq: 0, at: at("10:00:02"), uid, story: STORY, state: "began", relation: "about Node/n-1 (uid n-1)" },
    ];
    const records = [...begin, relation("began", "10:00:01"), ...about("old", "09:20:00"), ...about("recent", "09:55:00")];
    const { objects } = await storyOf(numbered(records), STORY);
    expect(objects.map(({ uid }) => uid)).toEqual(["d-1", "n-1", "recent"]);
  });

  test("an object that a second scope shows later is told once", async () => {
    const again = { ...node("10:00:05", "LISTED"), scope: "nodes.v1/*/n-1", resourceVersion: "7" };
    const records = [
      opened(at("10:00:00")),
      root,
      { ...node("10:00:01"), resourceVersion: "8" },
      relation("began", "10:00:02"),
      again,
    ];
    expect(await versionsOf(records, "n-1")).toEqual(["10:00:01"]);
  });
});

describe("a pod that came for another one", () => {
  const owner = (kind: string): Pick<ObjectRecord, "owners" | "resource"> => ({
    resource: "pods.v1",
    owners: [{ apiVersion: "apps/v1", kind, name: "c", uid: "c-1", controller: true }],
  });
  const pod = (uid: string, time: string, more: Partial<ObjectRecord> = {}): ObjectRecord =>
    object("Pod", uid, { at: at(time), change: "ADDED", ...owner("ReplicaSet"), ...more });
  const replaced = async (...records: readonly FaroRecord[]): Promise<readonly unknown[]> => {
    const uids = [...new Set(records.flatMap((record) => (record.type === "object" ? [record.uid] : [])))];
    const all = [opened(at("10:00:00")), root, ...records, ...uids.map((uid) => belongs(uid, at("10:01:00")))];
    const { objects } = await storyOf(numbered(all), STORY);
    return objects.flatMap(({ uid, replaces }) => (replaces === undefined ? [] : [`${uid} <- ${replaces.uid}`]));
  };

  test("is the one that was made when the other's deletion was asked for, in their order", async () => {
    const leaving = [
      pod("a", "10:00:10", { change: "MODIFIED", deleting: true }),
      pod("b", "10:00:12", { change: "MODIFIED", deleting: true }),
    ];
    const records = [
      pod("a", "10:00:01"),
      pod("b", "10:00:01"),
      ...leaving,
      pod("c", "10:00:13"),
      pod("d", "10:00:14"),
      pod("e", "10:00:15"),
    ];
    expect(await replaced(...records)).toEqual(["c <- a", "d <- b"]);
  });

  test("has its name in a StatefulSet, its Node in a DaemonSet", async () => {
    const set = owner("StatefulSet");
    const stateful = [
      pod("a", "10:00:01", { ...set, name: "db-0" }),
      pod("b", "10:00:01", { ...set, name: "db-1" }),
      pod("a", "10:00:02", { ...set, name: "db-0", change: "DELETED" }),
      pod("b", "10:00:02", { ...set, name: "db-1", change: "DELETED" }),
      pod("c", "10:00:03", { ...set, name: "db-1" }),
    ];
    expect(await replaced(...stateful)).toEqual(["c <- b"]);
    const daemon = owner("DaemonSet");
    const scheduled = (uid: string, on: string): FaroRecord =>
      lifecycle("scheduled", at("10:00:01"), { at: at("10:00:01"), uid, node: on });
    const daemons = [pod("a", "10:00:01", daemon), scheduled("a", "n1"), pod("b", "10:00:01", daemon), scheduled("b", "n2")];
    const gone = [pod("a", "10:00:02", { ...daemon, change: "DELETED" }), pod("b", "10:00:02", { ...daemon, change: "DELETED" })];
    expect(await replaced(...daemons, ...gone, pod("c", "10:00:03", daemon), scheduled("c", "n2"))).toEqual(["c <- b"]);
  });

  test("is not concluded of pods that no controller made, nor of more pods than went", async () => {
    expect(await replaced(pod("a", "10:00:01"), pod("b", "10:00:02"))).toEqual([]);
    expect(
      await replaced(object("Pod", "a", { at: at("10:00:01"), change: "DELETED" }), object("Pod", "b", { at: at("10:00:02") })),
    ).toEqual([]);
  });
});

test("an Event whose count rises says by how much, also over a series (item 74)", async () => {
  const counted = (count: number, time: string, change: ObjectRecord["change"] = "MODIFIED", uid = "e"): ObjectRecord => {
    const event = kubeEvent(uid, at(time), { at: at(time), change });
    return { ...event, kubeEvent: { involved: {}, reason: "", component: "", ...event.kubeEvent, count } };
  };
  const records = [
    opened(at("10:00:00")),
    root,
    counted(1, "10:00:01", "ADDED"),
    counted(2, "10:00:02"),
    counted(5, "10:00:03"),
    counted(40, "10:00:04"),
    counted(40, "10:00:05", "DELETED"),
    counted(1, "10:00:06", "ADDED", "e2"),
    ...["e", "e2"].map((uid) => belongs(uid, at("10:00:07"))),
  ];
  const { events } = await storyOf(numbered(records), STORY);
  const told = events.flatMap((event) => (event.event_type === "K8S_EVENT" ? [event.occurrences] : []));
  expect(told).toEqual([1, 1, 3, 35, undefined, 1]);
});
