import { describe, expect, test } from "vitest";
import { isoTime } from "../base/index.ts";
import type { Change, ObjectRecord } from "../record/index.ts";
import { type LifecycleDraft, stepPod } from "./pod-lifecycle.ts";
import type { PodSummary } from "./pod-summary.ts";

const START = Date.parse("2026-01-05T10:00:00.000Z");
const second = (seconds: number): string => new Date(START + seconds * 1000).toISOString().replace(".000Z", "Z");

/** One version: its arrival in milliseconds after START, its status, how it arrived. */
interface Version {
  readonly at: number;
  readonly change?: Change;
  readonly status?: object;
  readonly metadata?: object;
  readonly spec?: object;
}

/** Runs versions through the fold and writes each transition as one line: `+1500 container-started app waiting>running`. */
function tell(...versions: readonly Version[]): string[] {
  return drafts(...versions).map((draft) => {
    const after = Date.parse(draft.time) - START;
    const arrow = draft.to === undefined && draft.from === undefined ? "" : ` ${draft.from ?? ""}>${draft.to ?? ""}`;
    const id = draft.containerId === undefined ? "" : `#${draft.containerId}`;
    const exit = draft.exitCode === undefined ? "" : ` exit ${draft.exitCode}`;
    const container = draft.container === undefined ? "" : ` ${draft.container}${id}`;
    const reason = draft.reason === undefined ? "" : ` ${draft.reason}`;
    return `+${after} ${draft.action}${container}${arrow}${reason}${exit}`;
  });
}

function drafts(...versions: readonly Version[]): LifecycleDraft[] {
  let summary: PodSummary | undefined;
  const found: LifecycleDraft[] = [];
  for (const [index, version] of versions.entries()) {
    const record = recordOf(version, index);
    const step = stepPod(summary, record, podOf(version));
    summary = JSON.parse(JSON.stringify(step.summary));
    found.push(...step.transitions);
    for (const { time } of step.transitions) expect(Date.parse(time)).toBeLessThanOrEqual(START + version.at);
  }
  return found;
}

function podOf({ status, metadata, spec }: Version): unknown {
  return {
    metadata: { name: "web", creationTimestamp: second(0), ...metadata },
    spec: { nodeName: status === undefined ? undefined : "n1", ...spec },
    status: { phase: "Pending", ...status },
  };
}

function recordOf(version: Version, index: number): ObjectRecord {
  return {
    type: "object",
    seq: index + 1,
    at: isoTime(START + version.at),
    epoch: 1,
    scope: "pods.v1/*",
    change: version.change ?? (index === 0 ? "ADDED" : "MODIFIED"),
    observedBy: "watch",
    resource: "pods.v1",
    apiVersion: "v1",
    kind: "Pod",
    namespace: "prod",
    name: "web",
    uid: "u1",
    resourceVersion: String(index + 1),
    raw: Buffer.from("{}"),
  };
}

const condition = (type: string, status: string = "True", at: number = 0, rest: object = {}): object => ({
  type,
  status,
  lastTransitionTime: second(at),
  ...rest,
});
const waiting = (reason: string, rest: object = {}): object => ({
  name: "app",
  ready: false,
  restartCount: 0,
  state: { waiting: { reason } },
  ...rest,
});
const running = (id: string, startedAt: number, rest: object = {}): object => ({
  name: "app",
  ready: false,
  restartCount: 0,
  containerID: id,
  state: { running: { startedAt: second(startedAt) } },
  ...rest,
});
const ended = (id: string, startedAt: number, finishedAt: number, exitCode: number): object => ({
  terminated: {
    containerID: id,
    startedAt: second(startedAt),
    finishedAt: second(finishedAt),
    exitCode,
    reason: exitCode === 0 ? "Completed" : "Error",
  },
});
const scheduled = { conditions: [condition("PodScheduled")] };
const app = (...containerStatuses: readonly object[]): object => ({ ...scheduled, containerStatuses });

describe("the life of a pod", () => {
  test("is told from its creation to its end", () => {
    const ready = { phase: "Running", conditions: ["PodScheduled", "Initialized", "Ready"].map((type) => condition(type)) };
    const notReady = {
      ...ready,
      conditions: [
        condition("PodScheduled"),
        condition("Initialized"),
        condition("Ready", "False", 9, { reason: "ContainersNotReady" }),
      ],
    };
    const deleting = { deletionTimestamp: second(40), deletionGracePeriodSeconds: 30 };
    expect(
      tell(
        { at: 100 },
        { at: 200, status: scheduled },
        { at: 300, status: app(waiting("ContainerCreating")) },
        { at: 2_400, status: { ...ready, containerStatuses: [running("c1", 1, { ready: true })] } },
        { at: 10_100, status: { ...ready, containerStatuses: [running("c1", 1, { ready: true })] }, metadata: deleting },
        {
          at: 12_050,
          status: {
            ...notReady,
            containerStatuses: [{ name: "app", ready: false, restartCount: 0, state: ended("c1", 1, 12, 0) }],
          },
          metadata: deleting,
        },
        {
          at: 12_300,
          status: {
            ...notReady,
            phase: "Succeeded",
            containerStatuses: [{ name: "app", ready: false, restartCount: 0, state: ended("c1", 1, 12, 0) }],
          },
          metadata: deleting,
          change: "DELETED",
        },
      ),
    ).toEqual([
      "+100 created >Pending",
      "+200 scheduled >n1",
      "+300 container-waiting app >waiting ContainerCreating",
      "+1000 container-started app#c1 waiting>running",
      "+2400 initialized",
      "+2400 container-ready app#c1",
      "+2400 ready",
      "+2400 phase-changed Pending>Running",
      "+10100 deletion-requested",
      "+12050 container-terminated app#c1 running>terminated Completed exit 0",
      "+12050 not-ready ContainersNotReady",
      "+12300 phase-changed Running>Succeeded",
      "+12300 deleted Succeeded>",
    ]);
  });

  test("that began before the recording is told at the times its status states", () => {
    const conditions = [
      condition("PodScheduled", "True", 1),
      condition("Initialized", "True", 2),
      condition("Ready", "True", 5),
      condition("ContainersReady", "True", 5),
    ];
    const status = { phase: "Running", conditions, containerStatuses: [running("c1", 4, { ready: true })] };
    const metadata = { deletionTimestamp: second(90), deletionGracePeriodSeconds: 30 };
    expect(tell({ at: 100_000, change: "LISTED", status, metadata })).toEqual([
      "+0 created >Running",
      "+1000 scheduled >n1",
      "+2000 initialized",
      "+4000 container-started app#c1 waiting>running",
      "+5000 container-ready app#c1",
      "+5000 ready",
      "+60000 deletion-requested",
    ]);
  });

  test("says when it was evicted, and where it ran", () => {
    const [, evicted] = drafts(
      { at: 0, status: scheduled },
      { at: 10, status: { ...scheduled, phase: "Failed", reason: "Evicted", message: "low on memory" } },
    ).slice(-2);
    expect(evicted).toEqual({
      type: "lifecycle",
      epoch: 1,
      uid: "u1",
      namespace: "prod",
      name: "web",
      action: "evicted",
      time: isoTime(START + 10),
      version: 2,
      resourceVersion: "2",
      reason: "Evicted",
      message: "low on memory",
      node: "n1",
    });
  });

  test("is told once: a version that changes nothing yields nothing", () => {
    const same = { status: { phase: "Running", ...app(running("c1", 1, { ready: true })) } };
    expect(tell({ at: 2_000, ...same }, { at: 3_000, ...same }).filter((line) => line.startsWith("+3000"))).toEqual([]);
  });

  test("survives a status of another shape", () => {
    const strange = { conditions: "x", containerStatuses: [null, 7, {}, { name: "odd", state: 7, lastState: [] }], phase: null };
    expect(tell({ at: 0, status: strange })).toEqual([
      "+0 created >Unknown",
      "+0 scheduled >n1",
      "+0 container-waiting odd >waiting",
    ]);
  });
});

describe("containers", () => {
  const created: Version = { at: 500, status: app(waiting("ContainerCreating")) };
  const after = (at: number, ...containerStatuses: readonly object[]): Version => ({ at, status: app(...containerStatuses) });
  const since = (from: number, lines: readonly string[]): string[] =>
    lines.filter((line) => Number(/^\+(\d+)/.exec(line)?.[1]) > from);

  test("that end before a running version was seen have both a start and an end", () => {
    const lines = tell(created, after(3_500, { name: "app", restartCount: 0, state: ended("c1", 2, 2, 1) }));
    expect(since(500, lines)).toEqual([
      "+2000 container-started app#c1 waiting>running",
      "+2999 container-terminated app#c1 running>terminated Error exit 1",
    ]);
  });

  test("that restart between two versions end and start again", () => {
    const lines = tell(
      created,
      after(2_000, running("c1", 1)),
      after(9_000, running("c2", 6, { restartCount: 1, lastState: ended("c1", 1, 5, 137) })),
    );
    expect(since(2_000, lines)).toEqual([
      "+5999 container-terminated app#c1 running>terminated Error exit 137",
      "+6000 container-started app#c2 waiting>running",
    ]);
  });

  test("that restart twice between two versions: the run that no version showed is told, the end of the first is certain", () => {
    const lines = tell(
      created,
      after(2_000, running("c1", 1)),
      after(9_000, running("c3", 7, { restartCount: 2, lastState: ended("c2", 4, 5, 1) })),
    );
    expect(since(2_000, lines)).toEqual([
      "+4000 container-terminated app#c1 running>terminated",
      "+4000 container-started app#c2 waiting>running",
      "+5999 container-terminated app#c2 running>terminated Error exit 1",
      "+7000 container-started app#c3 waiting>running",
    ]);
  });

  test("in a crash loop end, wait, and are not told twice", () => {
    const back = waiting("CrashLoopBackOff", { containerID: "c1", restartCount: 1, lastState: ended("c1", 1, 2, 1) });
    const lines = tell(created, after(1_500, running("c1", 1)), after(2_500, back), after(3_000, back));
    expect(since(1_500, lines)).toEqual([
      "+2500 container-terminated app#c1 running>terminated Error exit 1",
      "+2500 container-waiting app running>waiting CrashLoopBackOff",
    ]);
  });

  test("that were seen terminated and then wait do not end twice", () => {
    const dead = { name: "app", restartCount: 0, containerID: "c1", state: ended("c1", 1, 1, 1) };
    const back = waiting("CrashLoopBackOff", { restartCount: 0, lastState: ended("c1", 1, 1, 1) });
    const lines = tell(created, after(1_500, dead), after(2_500, back));
    expect(since(1_999, lines)).toEqual(["+2500 container-waiting app terminated>waiting CrashLoopBackOff"]);
  });

  test("wait for one reason after another", () => {
    const lines = tell(
      created,
      after(600, waiting("ErrImagePull")),
      after(700, waiting("ImagePullBackOff")),
      after(800, waiting("ImagePullBackOff")),
    );
    expect(since(500, lines)).toEqual([
      "+600 container-waiting app waiting>waiting ErrImagePull",
      "+700 container-waiting app waiting>waiting ImagePullBackOff",
    ]);
  });

  test("that never started have an end only", () => {
    const lines = tell(
      created,
      after(900, {
        name: "app",
        restartCount: 0,
        state: { terminated: { exitCode: 128, reason: "ContainerCannotRun", startedAt: null } },
      }),
    );
    expect(since(500, lines)).toEqual([
      "+900 container-terminated app >terminated ContainerCannotRun exit 128".replace(" >", " running>"),
    ]);
  });

  test("of a node whose clock is ahead or behind stay between the two versions", () => {
    const lines = tell(
      created,
      after(2_000, running("c1", 60)),
      after(3_000, { name: "app", restartCount: 0, state: ended("c1", 60, -60, 0) }),
    );
    expect(since(500, lines)).toEqual([
      "+2000 container-started app#c1 waiting>running",
      "+2000 container-terminated app#c1 running>terminated Completed exit 0",
    ]);
  });

  test("become ready again after a restart", () => {
    const lines = tell(
      created,
      after(2_000, running("c1", 1, { ready: true })),
      after(9_000, running("c2", 6, { ready: true, restartCount: 1, lastState: ended("c1", 1, 5, 1) })),
    );
    expect(lines.filter((line) => line.includes("container-ready"))).toEqual([
      "+2000 container-ready app#c1",
      "+9000 container-ready app#c2",
    ]);
  });

  test("of every kind are told; a finished init container is not ready", () => {
    const named = (name: string, status: object): object => ({ ...status, name });
    const status = {
      ...app(named("app", waiting("PodInitializing"))),
      initContainerStatuses: [
        named("setup", { ready: true, restartCount: 0, state: ended("i1", 1, 1, 0) }),
        named("proxy", running("s1", 1, { ready: true })),
      ],
      ephemeralContainerStatuses: [named("debug", running("e1", 1))],
    };
    const spec = { initContainers: [{ name: "setup" }, { name: "proxy", restartPolicy: "Always" }] };
    const { summary } = stepPod(undefined, recordOf({ at: 2_000 }, 0), podOf({ at: 0, status, spec }));
    expect(Object.entries(summary.containers).map(([name, { kind }]) => `${name} ${kind}`)).toEqual([
      "setup init",
      "proxy sidecar",
      "app app",
      "debug ephemeral",
    ]);
    expect(tell({ at: 2_000, status, spec }).filter((line) => /setup|proxy|debug/.test(line))).toEqual([
      "+1000 container-started setup#i1 waiting>running",
      "+1000 container-started proxy#s1 waiting>running",
      "+1000 container-started debug#e1 waiting>running",
      "+1999 container-terminated setup#i1 running>terminated Completed exit 0",
      "+2000 container-ready proxy#s1",
    ]);
  });

  test("have their termination message redacted", () => {
    const state = {
      terminated: { containerID: "c1", exitCode: 1, signal: 9, finishedAt: second(1), message: "postgres://app:hunter2@db" },
    };
    const found = drafts(created, after(2_000, { name: "app", restartCount: 0, state })).at(-1);
    expect(found).toMatchObject({ message: "postgres://app:[REDACTED:userinfo:7]@db", signal: 9, restartCount: 0 });
  });
});

test("the state of containers that a version leaves as they were is the very same", () => {
  const container = (restartCount: number): object => ({ name: "app", restartCount, state: {} });
  const version = (at: number, restarts: readonly number[]): Version => ({
    at,
    status: { containerStatuses: restarts.map(container), message: String(at) },
  });
  const versions = [version(0, [0]), version(1, [0]), version(2, [1])];
  let summary: PodSummary | undefined;
  const [first, next, last] = versions.map((each, index) => {
    summary = stepPod(summary, recordOf(each, index), podOf(each)).summary;
    return summary;
  });
  expect(next?.receivedAt).not.toBe(first?.receivedAt);
  expect(next?.containers).toBe(first?.containers);
  expect(last?.containers["app"]?.restartCount).toBe(1);
});
