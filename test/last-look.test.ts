/** Stopping while a watch is silent: because nothing happens, because its connection died without a word, or because nobody answers. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ApiRequest } from "../src/apiserver/index.ts";
import { type Clock, systemClock } from "../src/base/index.ts";
import { type Embedded, embeddedCluster, listen, storiesIn } from "./support/embedded.ts";

/** Watches that were open when the network was lost. */
let dead: Set<ApiRequest>;
let isLost: boolean;
let isAway: boolean;
/** Watches are reset at their next event, history is gone, and nobody answers for the past. */
let isBroken: boolean;
const watches = new Set<ApiRequest>();
let cluster: Embedded;
let ahead = 0;
/** Its wall time can be put forward, so that silence takes no time. */
const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead };

beforeEach(async () => {
  [isLost, isAway, isBroken, ahead] = [false, false, false, 0];
  dead = new Set();
  watches.clear();
  cluster = await embeddedCluster({
    faults: {
      onRequest: (request) => {
        if (request.query.get("watch") === "true") watches.add(request);
        const isExact = request.query.get("resourceVersionMatch") === "Exact";
        if (isAway || (isBroken && isExact)) return { fault: "hang" };
        const isOld = Number(request.query.get("resourceVersion") ?? Number.POSITIVE_INFINITY) < cluster.history.revision;
        return isBroken && isOld ? { fault: "respond", status: 410, body: { kind: "Status", reason: "Expired" } } : undefined;
      },
      onWatchEvent: ({ request }) => {
        if (isBroken && dead.has(request)) return { fault: "reset" };
        return isLost && dead.has(request) ? { fault: "stall" } : undefined;
      },
      onLogChunk: () => (isAway ? { fault: "stall" } : undefined),
    },
  });
});
afterEach(() => cluster.close());

const configMap = (value: string): Parameters<Embedded["history"]["create"]>[0] => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "web", namespace: "default" },
  data: { value },
});

/** Records a ConfigMap, and stops after `meanwhile` and a silence. */
async function recordedAfter(meanwhile: (told: ReturnType<typeof listen>) => unknown) {
  const output = cluster.directory();
  const capture = await cluster.capture({ output, clock, kinds: ["v1/ConfigMap"], related: "none" });
  const told = listen(capture);
  await told.until((all) => all.some(({ status }) => status === "watch-synced"));
  cluster.history.create(configMap("1"));
  await told.rootVersions(1);
  dead = new Set(watches);
  await meanwhile(told);
  ahead = 5_000;
  capture.stop("enough");
  const { outcome } = await capture.done;
  const story = storiesIn(output).get("web");
  return { outcome, story, coverage: story?.coverage };
}

test("a watch that has nothing to tell leaves a whole story", async () => {
  await expect(recordedAfter(() => undefined)).resolves.toMatchObject({
    outcome: "complete",
    coverage: { verdict: "complete", gaps: [] },
  });
});

test("what a dead watch was not told is a gap, from what it told last", async () => {
  const { outcome, coverage } = await recordedAfter(() => {
    isLost = true;
    cluster.history.update(configMap("2"));
  });
  expect(outcome).toBe("incomplete");
  expect(coverage?.gaps).toMatchObject([{ cause: "unreachable", detail: expect.stringContaining(": 1 changed objects") }]);
});

test("where nobody answers, silence is a gap", async () => {
  const { outcome, coverage } = await recordedAfter(() => (isAway = true));
  expect(outcome).toBe("incomplete");
  const details = coverage?.gaps.map(({ detail }) => detail);
  expect(details).toEqual(expect.arrayContaining([expect.stringContaining("when the recorder stopped: no answer")]));
});

test("a gap that is being read back is closed with what was found by then", async () => {
  const { outcome, story, coverage } = await recordedAfter((told) => {
    isBroken = true;
    cluster.history.update(configMap("2"));
    cluster.history.update(configMap("3"));
    return told.until((all) => all.some(({ status }) => status === "gap-opened"));
  });
  expect(outcome).toBe("incomplete");
  expect(coverage?.gaps).toMatchObject([{ cause: "history-expired", repaired: "partial", to: expect.any(String) }]);
  const versions = story?.events.flatMap((event) => ("resource_version" in event ? [event.resource_version] : []));
  expect(versions?.at(-1)).toBe(String(cluster.history.revision));
});

test("where nobody answers, the silence of a log is a gap from its last line on", async () => {
  const output = cluster.directory();
  const capture = await cluster.capture({ output, clock, kinds: ["v1/Pod"], related: "none" });
  const told = listen(capture);
  await told.until((all) => all.some(({ status }) => status === "watch-synced"));
  const containerID = "containerd://1";
  const running = { startedAt: new Date().toISOString() };
  const { uid } = cluster.history.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default" },
    spec: { nodeName: "node-1", containers: [{ name: "app" }] },
    status: { phase: "Running", containerStatuses: [{ name: "app", restartCount: 0, containerID, state: { running } }] },
  });
  const file = cluster.logs.start({ podUid: uid, container: "app", containerId: containerID, restartCount: 0 });
  file.append("told", Date.now());
  await told.until((all) => all.some((one) => one.status === "batch-written" && (one.byType["CONTAINER_LOG"] ?? 0) > 0));
  isAway = true;
  const at = Date.now();
  file.append("not told", at);
  ahead = 5_000;
  capture.stop("enough");
  const { outcome } = await capture.done;
  expect(outcome).toBe("incomplete");
  const gaps = storiesIn(output).get("web")?.coverage.gaps ?? [];
  const [ofLog] = gaps.filter(({ scope }) => scope.startsWith("log:"));
  expect(ofLog).toMatchObject({ cause: "log-unavailable", possible_loss: true });
  expect(Date.parse(ofLog?.from ?? "")).toBeLessThanOrEqual(at);
});
