/** The judges must bite: a story that lacks, repeats or turns round what they saw is told so. */
import { expect, it } from "vitest";
import { compareLogs, compareObjects, linesLostWithoutGap, lostWithoutGap, NO_DIFFERENCE } from "./comparison.ts";
import type { StoredVersion } from "./etcd-history.ts";
import type { StoryEvent, StoryFile, StoryGap } from "./story.ts";

const history = [stored("root", 1, []), stored("child", 2, ["root"]), stored("root", 3, []), stored("other", 4, [])];

it("finds no difference in a story that has every version once", () => {
  expect(compareObjects(story([told("root", 1), told("child", 2), told("root", 3)]), history)).toEqual(NO_DIFFERENCE);
});

it.each([
  ["missing", [told("root", 1), told("root", 3)]],
  ["invented", [told("root", 1), told("child", 2), told("root", 3), told("root", 5)]],
  ["repeated", [told("root", 1), told("child", 2), told("child", 2), told("root", 3)]],
  ["disordered", [told("child", 2), told("root", 1), told("root", 3)]],
] as const)("says what is %s", (what, events) => {
  expect(compareObjects(story(events), history)[what]).toHaveLength(1);
});

it("accepts a loss only inside a gap of the same kind that says so", () => {
  const told1 = [told("root", 1), told("root", 3)];
  const times = { from: "2026-01-01T00:00:00.000Z", to: "2026-01-01T00:00:05.000Z" };
  const gap = {
    scope: "pods.v1/ns",
    cause: "history-expired",
    ...times,
    from_version: "1",
    to_version: "2",
    possible_loss: true,
  };
  expect(lostWithoutGap(story(told1), history)).toHaveLength(1);
  expect(lostWithoutGap(story(told1, [gap]), history)).toEqual([]);
  expect(lostWithoutGap(story(told1, [{ ...gap, scope: "jobs.v1.batch/ns" }]), history)).toHaveLength(1);
  expect(lostWithoutGap(story(told1, [{ ...gap, possible_loss: false }]), history)).toHaveLength(1);
});

it("takes the end of an object that was read back for its deletion, but not one that was only inferred", () => {
  const versions = [stored("root", 1, []), stored("child", 2, ["root"]), { ...stored("child", 3, ["root"]), deleted: true }];
  const events = [told("root", 1), told("child", 2)];
  const end = { ...told("child", 2), action: "delete", synthetic: true };
  expect(lostWithoutGap(story([...events, end]), versions)).toEqual([]);
  expect(compareObjects(story([...events, end]), versions)).toEqual(NO_DIFFERENCE);
  expect(lostWithoutGap(story([...events, { ...end, final_state_unknown: true }]), versions)).toHaveLength(1);
});

it("wants the Events and lines of what the story tells of, and of what came and went in a gap only that its watch has one", () => {
  const about = { ...stored("event", 3, []), kind: "Event", involved: "child" };
  const versions = [stored("root", 1, []), stored("child", 2, ["root"]), about];
  const events = [told("root", 1)];
  const instance = { ...NO_LINES, lines: [{ time: "t1", text: "a" }] };
  expect(lostWithoutGap(story([...events, told("child", 2)]), versions)).toEqual([expect.stringContaining("Event event")]);
  expect(linesLostWithoutGap(story([...events, told("child", 2)]), [instance])).toHaveLength(1);
  expect(lostWithoutGap(story(events), versions)).toEqual([expect.stringContaining("Pod child")]);
  expect(linesLostWithoutGap(story(events), [instance])).toEqual([]);
});

const NO_LINES = { namespace: "ns", pod: "p", podUid: "child", container: "c", restartCount: 0 };

it("compares log lines by container instance", () => {
  const log = {
    ...NO_LINES,
    lines: [
      { time: "t1", text: "a" },
      { time: "t2", text: "b" },
    ],
  };
  expect(compareLogs(story([line("t1", "a"), line("t2", "b")]), [log])).toEqual(NO_DIFFERENCE);
  expect(compareLogs(story([line("t2", "b")]), [log]).missing).toEqual(["p/c#0: 1 of 2 lines, the first: t1 a"]);
  expect(compareLogs(story([line("t2", "b"), line("t1", "a")]), [log]).disordered).toEqual(["p/c#0"]);
});

function stored(uid: string, revision: number, owners: readonly string[]): StoredVersion {
  return {
    uid,
    revision,
    owners,
    deleted: false,
    apiVersion: "v1",
    kind: "Pod",
    namespace: "ns",
    name: uid,
    involved: "",
    object: {},
  };
}

function told(uid: string, version: number): StoryEvent {
  return event({ event_type: "CORRELATED_EVENT", uid, name: uid, resource_version: String(version), seq: version });
}

function line(timestamp: string, message: string): StoryEvent {
  return event({
    event_type: "CONTAINER_LOG",
    uid: "child",
    action: "log",
    data: { container: "c", restart_count: 0, timestamp, message },
  });
}

function event(part: Partial<StoryEvent>): StoryEvent {
  return {
    correlation_id: "pod-root",
    timestamp: "2026-01-01T00:00:00.000Z",
    event_type: "CORRELATED_EVENT",
    source_component: "",
    action: "update",
    resource: "Pod",
    namespace: "ns",
    name: "",
    uid: "",
    resource_version: "",
    seq: 0,
    received_at: "2026-01-01T00:00:00.000Z",
    observed_by: "watch",
    synthetic: false,
    data: {},
    ...part,
  };
}

function story(events: readonly StoryEvent[], gaps: readonly StoryGap[] = []): StoryFile {
  const metadata = {
    correlation_id: "pod-root",
    event_count: events.length,
    namespace: "ns",
    resource_type: "v1/Pod",
    resource_name: "root",
    uid: "root",
    state: "completed",
    start_time: "",
    end_time: "",
  };
  const uids = [...new Set(events.map(({ uid }) => uid))];
  const objects = uids.map((uid) => ({ uid, resource_type: "v1/Pod", name: uid, relation: "" }));
  return {
    schema_version: "1",
    metadata,
    coverage: { verdict: "complete", reasons: [], gaps, logs: [], scopes: [] },
    objects,
    events,
  };
}
