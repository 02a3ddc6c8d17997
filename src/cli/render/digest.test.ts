import { expect, test } from "vitest";
import { digestStory } from "./digest.ts";

let seq = 0;

/** An event at second `at` of the story. */
function event(at: number, type: string, own: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  seq += 1;
  return {
    event_type: type,
    timestamp: `2025-08-07T10:00:${String(at).padStart(2, "0")}.000Z`,
    seq,
    resource: "Deployment",
    name: "web",
    uid: "d",
    source_component: "web-deployment",
    ...own,
  };
}

interface Version {
  readonly status?: Readonly<Record<string, number>>;
  readonly replicas?: number;
  readonly action?: string;
}

function version(
  at: number,
  image: string,
  { status = {}, replicas = 2, action = "update" }: Version = {},
): Readonly<Record<string, unknown>> {
  const spec = { replicas, template: { spec: { containers: [{ image }] } } };
  return event(at, "RESOURCE_UPDATE", { action, data: { metadata: { generation: 1 }, spec, status } });
}

const READY = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 };

function pod(at: number, action: string, data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return event(at, "POD_LIFECYCLE", {
    action,
    resource: "Pod",
    name: "web-1",
    uid: "p",
    data: { container: "app", container_id: "c1", ...data },
  });
}

function line(at: number, message: string, id: string = "c1"): Readonly<Record<string, unknown>> {
  return event(at, "CONTAINER_LOG", {
    action: "log",
    uid: "p",
    source_component: "web-1/app",
    data: { container: "app", container_id: id, message },
  });
}

function warning(at: number, reason: string, message: string): Readonly<Record<string, unknown>> {
  return event(at, "K8S_EVENT", { action: "add", source_component: "kubelet", data: { type: "Warning", reason, message } });
}

function story(
  events: readonly unknown[],
  coverage: Readonly<Record<string, unknown>> = { verdict: "complete", reasons: [], logs: [1, 2] },
): unknown {
  return { schema_version: "1", metadata: { event_count: events.length }, coverage, objects: [1, 2, 3], events };
}

test("a rollout that crashes and is rolled back is ten lines, with the words that say why", () => {
  const events = [
    version(0, "web:1", { action: "add" }),
    version(3, "web:1", { status: READY }),
    version(5, "web:1", { status: READY, replicas: 3 }),
    version(10, "web:2", { status: READY }),
    line(11, "starting"),
    line(12, "ConfigError: cache.ttl: expected a duration"),
    line(12, "    at async main (/app/main.js:22:18)"),
    line(12, "another container says error", "c2"),
    pod(13, "container-terminated", { exit_code: 1, reason: "Error" }),
    warning(14, "BackOff", "Back-off restarting failed container"),
    warning(15, "BackOff", "Back-off restarting failed container"),
    pod(16, "container-terminated", { exit_code: 1, reason: "Error" }),
    version(20, "web:1"),
    version(24, "web:1", { status: READY }),
    line(30, "GET /"),
  ];
  expect(digestStory(story(events))).toEqual([
    "10:00:00.000  Deployment/web appears with web:1",
    "10:00:03.000  ready: 2 of 2",
    "10:00:05.000  scaled from 2 to 3",
    "10:00:10.000  rolled out: web:2",
    '10:00:12.000  web-1/app wrote "ConfigError: cache.ttl: expected a duration"',
    "10:00:13.000  container app of web-1 ends with code 1 (Error); the first of 2 such ends",
    '10:00:14.000  kubelet warns BackOff: "Back-off restarting failed container"',
    "10:00:20.000  rolled back to web:1",
    "10:00:24.000  ready again: 2 of 2",
    "complete: 15 events of 3 objects, 2 container logs, nothing missing",
  ]);
});

test("a quiet story has its begin, its end and its verdict", () => {
  const events = [event(1, "CORRELATED_EVENT", { action: "add", resource: "Pod", name: "p" }), pod(2, "ready", {})];
  expect(digestStory(story(events))).toEqual([
    "10:00:01.000  the story begins: add of Pod/p",
    "10:00:02.000  the story ends: web-1 ready",
    "complete: 2 events of 3 objects, 2 container logs, nothing missing",
  ]);
});

test("deletion, an eviction and a signal are told, long words are cut", () => {
  const events = [
    pod(1, "container-terminated", { exit_code: 137, signal: 9, reason: "OOMKilled" }),
    line(2, "after the end"),
    warning(3, "FailedScheduling", "x".repeat(200)),
    version(4, "web:1", { action: "delete" }),
    event(5, "RECORDING_GAP", { action: "opened", data: {} }),
  ];
  expect(digestStory(story(events))).toEqual([
    "10:00:01.000  container app of web-1 ends with code 137 by signal 9 (OOMKilled)",
    '10:00:02.000  web-1/app wrote "after the end"',
    `10:00:03.000  kubelet warns FailedScheduling: "${"x".repeat(89)}…"`,
    "10:00:04.000  Deployment/web is deleted",
    "10:00:05.000  the story ends: a gap in the recording opened",
    "complete: 5 events of 3 objects, 2 container logs, nothing missing",
  ]);
});

test("an incomplete story says why", () => {
  expect(digestStory(story([], { verdict: "incomplete", reasons: ["pods.v1/prod: 3 s are missing"], logs: [] }))).toEqual([
    "incomplete: 0 events of 3 objects, 0 container logs; pods.v1/prod: 3 s are missing",
  ]);
});

test("a pod, and a story's last line that is an Event or a log line", () => {
  const bare = event(1, "RESOURCE_UPDATE", {
    resource: "Pod",
    action: "add",
    data: { spec: { containers: [{ image: "a" }, { image: "b" }] } },
  });
  expect(
    digestStory(
      story([
        bare,
        event(2, "K8S_EVENT", { action: "add", source_component: "kubelet", data: { type: "Normal", reason: "Pulled" } }),
      ]),
    ),
  ).toEqual([
    "10:00:01.000  Pod/web appears with a, b",
    "10:00:02.000  the story ends: kubelet reports Pulled",
    "complete: 2 events of 3 objects, 2 container logs, nothing missing",
  ]);
  expect(digestStory(story([line(1, "bye")]))[0]).toBe('10:00:01.000  the story begins: web-1/app writes "bye"');
});

test.each([[null], [{}], [{ schema_version: "2" }], ["text"]])("%j is no story file", (value) => {
  expect(() => digestStory(value)).toThrow("this is not a story file of schema version 1");
});
