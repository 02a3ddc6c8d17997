import { expect, test } from "vitest";
import type { StoryEvent, StoryOverview } from "../document.ts";
import { Overview } from "./overview.ts";
import { PodPhases } from "./pod-phases.ts";
import { seenEvent } from "./seen.ts";
import { isTrouble } from "./trouble.ts";

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

/** The overview of these events, log lines among them. */
function overviewOf(events: readonly Readonly<Record<string, unknown>>[]): StoryOverview {
  const overview = new Overview();
  for (const value of JSON.parse(JSON.stringify(events)) as readonly StoryEvent[]) overview.accept(seenEvent(value));
  return overview.describe();
}

/** What happened, as `10:00:04.902  what`. */
function told(events: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return overviewOf(events).happened.map(({ timestamp, what }) => `${timestamp.slice(11, 23)}  ${what}`);
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
  expect(told(events)).toEqual([
    "10:00:00.000  Deployment/web appears with web:1",
    "10:00:03.000  ready: 2 of 2",
    "10:00:05.000  scaled from 2 to 3",
    "10:00:10.000  rolled out: web:2",
    '10:00:12.000  web-1/app wrote "ConfigError: cache.ttl: expected a duration"',
    "10:00:13.000  container app of web-1 ends with code 1 (Error); the first of 2 such ends",
    '10:00:14.000  kubelet warns BackOff: "Back-off restarting failed container"',
    "10:00:20.000  rolled back to web:1",
    "10:00:24.000  ready again: 2 of 2",
  ]);
});

test("a quiet story has its begin, its end and its verdict", () => {
  const events = [event(1, "CORRELATED_EVENT", { action: "add", resource: "Pod", name: "p" }), pod(2, "ready", {})];
  expect(told(events)).toEqual(["10:00:01.000  the story begins: add of Pod/p", "10:00:02.000  the story ends: web-1 ready"]);
});

test("deletion, an eviction and a signal are told, long words are cut", () => {
  const events = [
    pod(1, "container-terminated", { exit_code: 137, signal: 9, reason: "OOMKilled" }),
    line(2, "after the end"),
    warning(3, "FailedScheduling", "x".repeat(200)),
    version(4, "web:1", { action: "delete" }),
    event(5, "RECORDING_GAP", { action: "opened", data: {} }),
  ];
  expect(told(events)).toEqual([
    "10:00:01.000  container app of web-1 ends with code 137 by signal 9 (OOMKilled)",
    '10:00:02.000  web-1/app wrote "after the end"',
    `10:00:03.000  kubelet warns FailedScheduling: "${"x".repeat(89)}…"`,
    "10:00:04.000  Deployment/web is deleted",
    "10:00:05.000  the story ends: a gap in the recording opened",
  ]);
});

test("a pod, and a story's last line that is an Event or a log line", () => {
  const bare = event(1, "RESOURCE_UPDATE", {
    resource: "Pod",
    action: "add",
    data: { spec: { containers: [{ image: "a" }, { image: "b" }] } },
  });
  expect(
    told([
      bare,
      event(2, "K8S_EVENT", { action: "add", source_component: "kubelet", data: { type: "Normal", reason: "Pulled" } }),
    ]),
  ).toEqual(["10:00:01.000  Pod/web appears with a, b", "10:00:02.000  the story ends: kubelet reports Pulled"]);
  expect(told([line(1, "bye")])[0]).toBe('10:00:01.000  the story begins: web-1/app writes "bye"');
});

test("of thousands of findings the weightiest are told, however the story ends", () => {
  const rollouts = Array.from({ length: 40 }, (_, at) => version(at, `web:${at}`));
  const warnings = Array.from({ length: 20 }, (_, at) => warning(at + 40, `Reason${at}`, "no"));
  const end = version(59, "web:39", { action: "delete" });
  const lines = told([...rollouts, ...warnings, end]);
  expect(lines.map((text) => text.slice(14))).toEqual([
    "Deployment/web appears with web:0",
    ...Array.from({ length: 8 }, (_, at) => `rolled out: web:${at + 1}`),
  ]);
});

test("a crash is told with its own container's words, whoever else speaks of errors, before and behind its end", () => {
  const crash = pod(5, "container-terminated", { exit_code: 1 });
  const others = [line(3, "error elsewhere", "c2"), line(9, "error elsewhere", "c3")];
  expect(told([line(1, "starting"), line(2, "panic: no"), ...others, crash, line(8, "at main.go:3")])).toContain(
    '10:00:02.000  web-1/app wrote "panic: no"',
  );
  expect(told([...others, crash, line(8, "fatal: late")])).toContain('10:00:08.000  web-1/app wrote "fatal: late"');
  expect(told([line(1, `fatal ${"x".repeat(9_000)}`), crash])[0]).toBe(
    `10:00:01.000  web-1/app wrote "fatal ${"x".repeat(83)}…"`,
  );
});

test("counts, trouble and owners are those of all events", () => {
  const reference = (uid: string, controller: boolean): unknown => ({ uid, controller });
  const replicaSet = event(1, "CORRELATED_EVENT", {
    action: "add",
    uid: "rs",
    data: { metadata: { ownerReferences: [reference("x", false), reference("d", true)] } },
  });
  const lines = [line(2, "starting"), line(3, "level=error one"), line(4, "no terrors"), line(5, " ")];
  const overview = overviewOf([replicaSet, ...lines, warning(6, "BackOff", "again")]);
  expect(overview).toMatchObject({
    events_by_type: { CORRELATED_EVENT: 1, CONTAINER_LOG: 4, K8S_EVENT: 1 },
    troubles: 2,
    owners: { rs: "d" },
  });
});

test("trouble is known when it is seen", () => {
  const isBad = (given: unknown): boolean => isTrouble(JSON.parse(JSON.stringify(given)));
  expect(isBad(line(1, "level=error x"))).toBe(true);
  expect(isBad(line(1, "no mirrors or terrors here"))).toBe(false);
  expect(isBad(pod(1, "container-waiting", { reason: "ImagePullBackOff" }))).toBe(true);
  expect(isBad(pod(1, "container-waiting", { reason: "ContainerCreating" }))).toBe(false);
  expect(isBad(warning(1, "BackOff", ""))).toBe(true);
  expect(isBad(event(1, "K8S_EVENT", { data: { type: "Normal" } }))).toBe(false);
});

test("a pod goes from phase to phase, and stays terminating until it is gone", () => {
  const phases = new PodPhases();
  const steps: readonly (readonly [string, Readonly<Record<string, unknown>>?])[] = [
    ["created"],
    ["scheduled"],
    ["container-started"],
    ["ready"],
    ["container-terminated", { exit_code: 1 }],
    ["container-started", { restart_count: 1 }],
    ["deletion-requested"],
    ["container-terminated", { exit_code: 137 }],
    ["deleted"],
  ];
  for (const [index, [action, data]] of steps.entries())
    phases.accept(seenEvent(JSON.parse(JSON.stringify(pod(index + 1, action, data ?? {})))));
  const [history] = phases.pods();
  expect(history?.phases.map(({ phase }) => phase)).toEqual([
    "pending",
    "starting",
    "ready",
    "failing",
    "starting",
    "terminating",
    "gone",
  ]);
  expect(history?.restarts).toBe(1);
});
