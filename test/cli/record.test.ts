import { describe, expect, test } from "vitest";
import { FaroError, VirtualClock } from "../../src/base/index.ts";
import type { CaptureResult } from "../../src/capture/index.ts";
import { main } from "../../src/cli/main.ts";
import type { StoryReader } from "../../src/views/index.ts";
import { COMPLETE, FakeCapture, fakeDemoCluster, faro, makeWorld, STORY, untilSettled, words } from "./world.ts";

const START = Date.UTC(2025, 7, 7, 10);
const TABLE = `STORY                          EVENTS   VERDICT
output/deployment-web-1.json   150      complete
`;

/** A capture that has ended with `result`. */
function ended(result: CaptureResult): FakeCapture {
  const capture = new FakeCapture();
  capture.end(result);
  return capture;
}

describe("a recording that ends by itself", () => {
  test.each([
    ["complete", [], 0, ""],
    [
      "incomplete",
      ["pods.v1/prod: history expired, 3 s are missing"],
      3,
      "incomplete: pods.v1/prod: history expired, 3 s are missing\n",
    ],
    [
      "assertion-failed",
      ["Deployment/web was deleted before it was ready"],
      4,
      "assertion-failed: Deployment/web was deleted before it was ready\n",
    ],
    ["timed-out", ["Deployment/web is not ready after 10m"], 124, "timed-out: Deployment/web is not ready after 10m\n"],
  ] as const)("as %s, for %j, exits with %d and prints where the story is", async (outcome, reasons, code, said) => {
    const { exitCode, stdout, stderr, closed, listeners } = await faro(["po"], {
      capture: ended({ outcome, reasons, stories: [STORY] }),
    });
    expect([exitCode, stdout(), stderr()]).toEqual([code, TABLE, said]);
    expect([closed(), listeners()]).toEqual([1, 0]);
  });

  test("without a story says that nothing matched", async () => {
    const { exitCode, stdout, stderr } = await faro(["po"], { capture: ended({ ...COMPLETE, stories: [] }) });
    expect([exitCode, stdout(), stderr()]).toEqual([0, "", "no story was written: nothing matched while Faro was recording\n"]);
  });
});

describe("signals", () => {
  test.each([
    ["po", "SIGINT", "complete", 0],
    ["po", "SIGTERM", "complete", 0],
    ["po", "SIGHUP", "incomplete", 3],
    ["po --duration=1h", "SIGINT", "complete", 130],
    ["po --until=ready", "SIGTERM", "incomplete", 143],
    ["po --until=ready", "SIGHUP", "complete", 143],
  ] as const)("faro %s and %s: everything is written (%s), exit %d", async (line, signal, outcome, code) => {
    const capture = new FakeCapture();
    capture.stopsWith = { ...COMPLETE, outcome };
    const world = makeWorld({ capture, isTTY: true });
    const running = main(words(line), world.dependencies);
    await eventually(() => world.captures.length === 1);
    world.signal(signal);
    expect(await running).toBe(code);
    expect(capture.stops).toEqual([`${signal} received`]);
    expect(world.stderr()).toContain("stopping: writing what has arrived, 1 open; press again to abort\n");
    expect(world.stdout()).toContain(STORY.file);
    expect(world.listeners()).toBe(0);
  });

  test("a log that a program reads stays JSON lines to the end", async () => {
    const capture = new FakeCapture();
    capture.statuses = [{ status: "draining", openStories: 1 }];
    const world = makeWorld({ capture });
    const running = main(["po"], world.dependencies);
    await eventually(() => world.captures.length === 1);
    world.signal("SIGINT");
    expect(await running).toBe(0);
    expect(
      world
        .stderr()
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toMatchObject([{ message: "stopping: writing what has arrived", open_stories: 1 }]);
  });

  test("a second signal aborts at once, whatever still hangs", async () => {
    const capture = new FakeCapture();
    capture.stopsWith = undefined;
    const world = makeWorld({ capture });
    const running = main(["po"], world.dependencies);
    await eventually(() => world.captures.length === 1);
    world.signal("SIGTERM");
    await eventually(() => capture.stops.length === 1);
    world.signal("SIGINT");
    expect(await running).toBe(130);
    expect(world.stderr()).toContain("aborted: the recording can be read up to here, see faro rebuild\n");
    expect(world.stdout()).toBe("");
  });

  test("a signal while the API server is still waited for ends at once", async () => {
    const clock = new VirtualClock(START);
    const world = makeWorld({ clock, startCapture: () => new Promise(() => undefined) });
    const running = main(["po"], world.dependencies);
    await eventually(() => world.connections.length === 1);
    await clock.advance(2_500);
    world.signal("SIGINT");
    expect(await untilSettled(clock, running)).toBe(130);
    expect(JSON.parse(world.stderr().split("\n")[0] ?? "")).toMatchObject({
      level: "info",
      message: "waiting for the API server",
      server: "https://10.0.0.1:6443",
    });
    expect(world.closed()).toBeGreaterThan(0);
  });

  test("a recording that had just begun when the signal came is closed in order", async () => {
    const capture = new FakeCapture();
    let begin: (capture: FakeCapture) => void = () => undefined;
    const world = makeWorld({
      startCapture: () =>
        new Promise((resolve) => {
          begin = resolve;
        }),
    });
    const running = main(["po"], world.dependencies);
    await eventually(() => world.listeners() === 1 && world.connections.length === 1);
    world.signal("SIGTERM");
    begin(capture);
    expect(await running).toBe(143);
    expect(capture.stops).toEqual(["a signal came while the recording started"]);
  });
});

describe("a terminal", () => {
  const env = { FARO_METRICS_PORT: "0" };

  test("has a live line that log lines go above, and readable log lines", async () => {
    const clock = new VirtualClock(START);
    const capture = new FakeCapture();
    capture.statuses = [{ status: "story-opened", story: "deployment-1", title: "Deployment/web", reopened: false }];
    const world = makeWorld({ capture, clock, isTTY: true, env: { ...env, NO_COLOR: "1" } });
    const running = main(["po"], world.dependencies);
    await eventually(() => world.captures.length === 1);
    await clock.advance(61_000);
    expect(world.stderr()).toContain("INFO  story opened  correlation_id=deployment-1 source=Deployment/web\n");
    expect(world.stderr()).not.toContain("statistics");
    expect(world.live.at(-1)).toBe("recording 1m1s · 1 story · 0 records · 3 watches · 2 log streams · Ctrl-C to stop");
    world.signal("SIGINT");
    expect(await untilSettled(clock, running)).toBe(0);
    expect(world.live.at(-1)).toBe("(cleared)");
  });

  test.each([{ CI: "true" }, { TERM: "dumb" }])(
    "with %j has none, and a line of statistics a minute instead",
    async (special) => {
      const clock = new VirtualClock(START);
      const capture = new FakeCapture();
      const world = makeWorld({ capture, clock, isTTY: true, env: { ...env, ...special } });
      const running = main(["po", "--color=never"], world.dependencies);
      await eventually(() => world.captures.length === 1);
      await clock.advance(61_000);
      capture.end(COMPLETE);
      expect(await untilSettled(clock, running)).toBe(0);
      expect(world.live).toEqual([]);
      expect(world.stderr()).toContain("10:01:00 INFO  statistics  events_per_minute=0");
    },
  );
});

test("a capture that fails while it runs is an error with its hint", async () => {
  const capture = new FakeCapture();
  capture.fail(
    new FaroError("FARO_RBAC_DENIED", "https://x refuses permission: Forbidden (403)", {
      hint: "grant what is missing:\nkind: Role\n",
    }),
  );
  const { exitCode, stderr } = await faro(["po"], { capture });
  expect([exitCode, stderr()]).toEqual([
    5,
    "error: https://x refuses permission: Forbidden (403)\nhint: grant what is missing:\nkind: Role\n",
  ]);
});

test("a bug is called one, with its stack", async () => {
  const { exitCode, stderr } = await faro(["po"], { startCapture: () => Promise.reject(new TypeError("x is not a function")) });
  expect(exitCode).toBe(1);
  expect(stderr()).toMatch(
    /^error: x is not a function\n {4}at .+\nhint: this is a bug in Faro \(FARO_INTERNAL\); please report it with these lines\n$/s,
  );
});

test("warnings of the configuration and of the API server are logged", async () => {
  const capture = ended(COMPLETE);
  const world = makeWorld({ capture, env: { FARO_METRICS_PORT: "0", FARO_LOGLEVEL: "x" } });
  const { connect } = world.dependencies;
  const dependencies = {
    ...world.dependencies,
    connect: (request: Parameters<typeof connect>[0]) => (request.onWarning("v1 is old"), connect(request)),
  };
  expect(await main(["po"], dependencies)).toBe(0);
  const lines = world
    .stderr()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { level: "warn", message: "unknown variable FARO_LOGLEVEL is ignored; did you mean FARO_LOG_LEVEL?" },
    { level: "warn", message: "the API server warns", warning: "v1 is old" },
  ]);
});

test("a dry run prints what would be watched, why, and the permissions, and records nothing", async () => {
  const { exitCode, stdout, stderr, closed } = await faro(words("deploy/web -n prod --dry-run"));
  expect([exitCode, stderr(), closed()]).toEqual([0, "", 1]);
  expect(stdout()).toBe(`Server        https://10.0.0.1:6443 (v1.35.0)
Namespaces    prod
Logs          yes: pods can belong to a story
Waiting for   example.com/v1/Widget: not served by this cluster yet

KIND                 NAMESPACE   NAME   VERBS            WHY
apps/v1/Deployment   prod        web    list,watch       root
apps/v1/ReplicaSet   prod               list,watch       owned by Deployment
v1/Pod               prod               list,watch       owned by ReplicaSet
v1/Secret            prod               list,watch       used by Pod; metadata only
v1/Node              (all)              get,list,watch   runs Pod

# Permissions this needs, for kubectl apply -f -
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: faro
  namespace: prod
rules:
- apiGroups: [apps]
  resources: [deployments]
  resourceNames: [web]
  verbs: [list, watch]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods, secrets]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: faro
rules:
- apiGroups: [""]
  resources: [nodes]
  verbs: [get, list, watch]
`);
});

describe("rebuild", () => {
  test("prints the stories it wrote", async () => {
    const asked: string[] = [];
    const rebuildStories = async (output: string): Promise<readonly (typeof STORY)[]> => (asked.push(output), [STORY]);
    const { exitCode, stdout } = await faro(["rebuild", "./output"], { rebuildStories });
    expect([exitCode, asked]).toEqual([0, ["./output"]]);
    expect(stdout()).toContain("output/deployment-web-1.json   150      complete\n");
  });

  test("exits with 3 when one is incomplete, and says when there is none", async () => {
    expect((await faro(["rebuild", "x"], { rebuildStories: async () => [{ ...STORY, verdict: "incomplete" }] })).exitCode).toBe(
      3,
    );
    const { exitCode, stdout, stderr } = await faro(["rebuild", "x"], { rebuildStories: async () => [] });
    expect([exitCode, stdout(), stderr()]).toEqual([0, "", "no story was written: the recording in x holds none\n"]);
  });
});

describe("demo", () => {
  const story = {
    metadata: { event_count: 0 },
    coverage: { verdict: "complete", reasons: [], logs: [] },
    objects: [],
    overview: async () => ({ events_by_type: {}, troubles: 0, happened: [], pods: [], owners: {} }),
  } as unknown as StoryReader;

  test("plays the story, records it from the embedded cluster whatever this machine is configured for, and tells its digest", async () => {
    const clock = new VirtualClock(START);
    const cluster = fakeDemoCluster(["Deployment my-app is created", "it is rolled back"]);
    const capture = new FakeCapture();
    const world = makeWorld({
      clock,
      capture,
      env: {
        FARO_METRICS_PORT: "0",
        FARO_NAMESPACE: "prod",
        FARO_DURATION: "1s",
        FARO_DRY_RUN: "true",
        KUBECONFIG: "/home/me/prod",
      },
      startDemoCluster: async () => cluster,
      readStory: async () => story,
    });
    expect(await untilSettled(clock, main(["demo", "--output=tour"], world.dependencies))).toBe(0);
    expect(world.connections).toMatchObject([{ flags: { server: "http://127.0.0.1:40000", kubeconfig: undefined }, env: {} }]);
    expect(world.captures).toMatchObject([
      { resources: [{ text: "apps/v1/Deployment" }], names: ["my-app"], namespaces: ["default"], output: "tour" },
    ]);
    expect(world.captures[0]).not.toHaveProperty("durationMs");
    expect(world.stderr()).toContain(
      "\nHere is a rollout that nobody made, at http://127.0.0.1:40000. Faro records Deployment/my-app there\n",
    );
    expect(world.stderr()).toContain("  » Deployment my-app is created\n  » it is rolled back\n");
    expect(world.stderr()).toMatch(/\nAsk it:\n {2}faro story show output +# all of it on one screen\n/);
    expect(world.stdout()).toContain(
      `${STORY.file}   150      complete\n\nWhat happened, in ten lines:\n\ncomplete: 0 events of 0 objects, 0 container logs, nothing missing\n\nThe whole story: ${STORY.file}\n`,
    );
    expect([capture.stops, cluster.closed()]).toEqual([["the demo's story is over"], true]);
  });

  test("a story that breaks off is said, and what was recorded is kept on a signal", async () => {
    const clock = new VirtualClock(START);
    const cluster = { ...fakeDemoCluster([]), play: () => Promise.reject(new Error("boom")) };
    const world = makeWorld({
      clock,
      capture: new FakeCapture(),
      startDemoCluster: async () => cluster,
      readStory: async () => story,
    });
    const running = main(["demo"], world.dependencies);
    await eventually(() => world.captures.length === 1);
    await clock.advance(2_000);
    expect(world.stderr()).toContain("the demo's story broke off: boom\n");
    world.signal("SIGINT");
    expect(await untilSettled(clock, running)).toBe(0);
  });
});

/** Lets promises go on until `holds`. */
async function eventually(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !holds(); turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(holds()).toBe(true);
}
