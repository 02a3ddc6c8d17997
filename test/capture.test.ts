/** The whole way, over HTTP, from an embedded cluster to the story file. */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { prepareCluster, playRollout } from "../src/apiserver/index.ts";
import { type Clock, systemClock } from "../src/base/index.ts";
import { type CaptureStatus, rebuildStories } from "../src/capture/index.ts";
import { type Embedded, embeddedCluster, listen, storiesIn, synced, until } from "./support/embedded.ts";

let cluster: Embedded;
beforeEach(async () => {
  cluster = await embeddedCluster();
});
afterEach(() => cluster.close());

const configMap = (name: string, value: string, extra: object = {}): Parameters<Embedded["history"]["create"]>[0] => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", ...extra },
  data: { value },
});

const versionsOf = (output: string, name: string): string[] =>
  (storiesIn(output).get(name)?.events ?? []).flatMap((event) =>
    "resource_version" in event && event.name === name ? [String(event.resource_version)] : [],
  );

const holdsVersion = (told: CaptureStatus): boolean =>
  told.status === "batch-written" && (told.byType["RESOURCE_UPDATE"] ?? 0) > 0;

/** Waits leave the event loop turns as well: what shares this process with the play gets as much done in them on a busy machine. */
const patientClock: Clock = {
  ...systemClock,
  async sleep(ms, signal) {
    await systemClock.sleep(ms, signal);
    for (let left = 200; left > 0; left--) await turn();
  },
};

async function rollout(): Promise<void> {
  for await (const _ of playRollout({ history: cluster.history, logs: cluster.logs, clock: patientClock, speed: 10 }));
}

describe("a rollout", () => {
  test("is told whole: every version that the cluster had of its objects, once and in order, and every container's log", async () => {
    const isOwned = (kind: string): boolean => ["Deployment", "ReplicaSet", "Pod"].includes(kind);
    const truth: string[] = [];
    cluster.history.subscribe((version) => {
      const object = JSON.parse(version.text) as { kind: string; metadata: { uid: string; resourceVersion: string } };
      if (isOwned(object.kind)) truth.push(`${object.metadata.uid}@${object.metadata.resourceVersion}`);
    });
    prepareCluster({ history: cluster.history, clock: systemClock });
    const output = cluster.directory();
    const capture = await cluster.capture({ output });
    await synced(capture, 4);
    await rollout();
    capture.stop("the play is over");
    const result = await capture.done;
    const story = storiesIn(output).get("my-app");
    expect(story?.coverage.gaps).toEqual([]);
    expect(result).toMatchObject({ outcome: "complete", reasons: [] });
    const told = (story?.events ?? []).flatMap((event) =>
      "resource_version" in event && isOwned(event.resource) && event.event_type !== "POD_LIFECYCLE"
        ? [`${event.uid}@${event.resource_version}`]
        : [],
    );
    expect(told.toSorted()).toEqual(truth.toSorted());
    expect(new Set(told).size).toBe(told.length);
    const times = (story?.events ?? []).map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted());
    expect(story?.coverage.logs.every(({ outcome }) => outcome === "complete")).toBe(true);
    expect(JSON.stringify(story)).not.toContain("not-a-real-password");
  });
});

describe("a pod that goes before its status says whether its container ran", () => {
  test.each([
    ["by force has a gap for its log", false, ["log-unavailable"]],
    ["by its kubelet has none: that says first what ran", true, []],
  ])("%s", async (_, isAsked, causes) => {
    const output = cluster.directory();
    const capture = await cluster.capture({ output, kinds: ["v1/Pod"] });
    await synced(capture, 2);
    const pod = { apiVersion: "v1", kind: "Pod", namespace: "default", name: "web" };
    const spec = { nodeName: "node-1", containers: [{ name: "app" }] };
    const { apiVersion, kind, ...metadata } = pod;
    cluster.history.create({ apiVersion, kind, metadata, spec, status: { phase: "Pending" } });
    if (isAsked) cluster.history.requestDeletion(pod, 30);
    cluster.history.remove(pod);
    await until(capture, ({ status }) => status === "story-written");
    capture.stop("seen");
    await capture.done;
    const gaps = storiesIn(output).get("web")?.coverage.gaps ?? [];
    const ofLogs = gaps.filter(({ scope }) => scope.startsWith("log:"));
    expect(ofLogs.map(({ cause, to }) => [cause, to])).toEqual(causes.map((cause) => [cause, null]));
  });
});

test("a stop comes after the lines that a container had written by then, although little of a log is read at a time", async () => {
  const output = cluster.directory();
  const capture = await cluster.capture({ output, kinds: ["v1/Pod"] });
  await synced(capture, 2);
  const instance = { namespace: "default", pod: "web", container: "app", containerId: "containerd://1", restartCount: 0 };
  const state = { running: { startedAt: new Date().toISOString() } };
  const status = {
    name: "app",
    ready: true,
    restartCount: 0,
    containerID: instance.containerId,
    image: "box:1",
    imageID: "",
    state,
  };
  const { uid } = cluster.history.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default" },
    spec: { nodeName: "node-1", containers: [{ name: "app", image: "box:1" }] },
    status: { phase: "Running", containerStatuses: [status] },
  });
  const file = cluster.logs.start({ ...instance, podUid: uid });
  file.append("0", systemClock.now());
  await until(capture, (told) => told.status === "batch-written" && (told.byType["CONTAINER_LOG"] ?? 0) > 0);
  for (let line = 1; line <= 5; line++) file.append(String(line), systemClock.now());
  capture.stop("enough");
  await capture.done;
  const lines = (storiesIn(output).get("web")?.events ?? []).flatMap((event) =>
    event.event_type === "CONTAINER_LOG" ? [event.data.message] : [],
  );
  expect(lines).toEqual(["0", "1", "2", "3", "4", "5"]);
});

describe("going on after an earlier run", () => {
  test("a killed run's recording gives the story, and the next run repeats nothing and hides nothing", async () => {
    const output = cluster.directory();
    const first = await cluster.capture({ output, kinds: ["v1/ConfigMap"] });
    await synced(first, 2);
    cluster.history.create(configMap("settings", "1"));
    await until(first, holdsVersion);
    // What a kill leaves: the recording as it is on disk now, without any of the orderly end.
    const killed = cluster.directory();
    cpSync(join(output, "recording"), join(killed, "recording"), { recursive: true });
    first.stop("no longer needed");
    await first.done;

    expect((await rebuildStories({ output: killed })).map(({ title }) => title)).toEqual(["ConfigMap/settings"]);
    const before = versionsOf(killed, "settings");
    expect(before).toHaveLength(1);

    cluster.history.modify({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "settings" }, (object) => ({
      ...object,
      data: { value: "2" },
    }));
    cluster.history.modify({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "settings" }, (object) => ({
      ...object,
      data: { value: "3" },
    }));
    const second = await cluster.capture({ output: killed, kinds: ["v1/ConfigMap"] });
    await synced(second, 2);
    second.stop("enough");
    const result = await second.done;
    const after = versionsOf(killed, "settings");
    expect(after.slice(0, 1)).toEqual(before);
    expect(after).toHaveLength(3);
    expect(new Set(after).size).toBe(3);
    expect(result.outcome).toBe("incomplete");
    // One may have come and gone while nobody looked, and without a place to go on from nothing proves the contrary.
    expect(storiesIn(killed).get("settings")?.coverage.gaps).toEqual([
      expect.objectContaining({
        scope: "configmaps.v1/default",
        cause: "recorder-stopped",
        repaired: "partial",
        possible_loss: true,
      }),
      expect.objectContaining({
        scope: "events.v1/default",
        cause: "recorder-stopped",
        repaired: "partial",
        possible_loss: true,
      }),
    ]);
  });

  test("an object that was deleted meanwhile is told as deleted, with its last state", async () => {
    const output = cluster.directory();
    cluster.history.create(configMap("settings", "1"));
    const first = await cluster.capture({ output, kinds: ["v1/ConfigMap"] });
    await synced(first, 2);
    first.stop("a pause");
    await first.done;
    cluster.history.remove({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "settings" });
    const second = await cluster.capture({ output, kinds: ["v1/ConfigMap"] });
    await synced(second, 2);
    second.stop("enough");
    await second.done;
    const last = storiesIn(output)
      .get("settings")
      ?.events.findLast((event) => event.event_type === "RESOURCE_UPDATE");
    expect(last).toMatchObject({ action: "delete", synthetic: false, data: { data: { value: "1" } } });
  });

  test("a second Faro on the same directory is refused and names the first", async () => {
    const output = cluster.directory();
    const first = await cluster.capture({ output });
    await expect(cluster.capture({ output })).rejects.toThrow(String(process.pid));
    first.stop("enough");
    await first.done;
  });
});

describe("kinds that come and go", () => {
  const CRD = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "gadgets.shop.test" },
    spec: {
      group: "shop.test",
      scope: "Namespaced",
      names: { plural: "gadgets", singular: "gadget", kind: "Gadget" },
      versions: [{ name: "v1", served: true, storage: true }],
    },
  };

  test("a custom resource whose kind is installed later is told from its creation, with what it owns", async () => {
    const output = cluster.directory();
    const capture = await cluster.capture({ output, kinds: ["shop.test/v1/Gadget"] });
    await until(capture, (status) => status.status === "watch-synced" && status.scope === "configmaps.v1/default");
    cluster.history.create(CRD);
    const gadget = cluster.history.create({
      apiVersion: "shop.test/v1",
      kind: "Gadget",
      metadata: { name: "one", namespace: "default" },
      spec: { size: 1 },
    });
    const { uid } = (JSON.parse(gadget.text) as { metadata: { uid: string } }).metadata;
    const owner = { ownerReferences: [{ apiVersion: "shop.test/v1", kind: "Gadget", name: "one", uid, controller: true }] };
    cluster.history.create(configMap("one-settings", "x", owner));
    cluster.history.modify({ apiVersion: "shop.test/v1", kind: "Gadget", namespace: "default", name: "one" }, (object) => ({
      ...object,
      spec: { size: 2 },
    }));
    await until(capture, (status) => status.status === "story-opened" && status.title === "Gadget/one");
    capture.stop("enough");
    await capture.done;
    const story = storiesIn(output).get("one");
    expect(versionsOf(output, "one")).toHaveLength(2);
    expect(story?.objects.map(({ name, relation }) => [name, relation.split(" (")[0]])).toEqual(
      expect.arrayContaining([
        ["one", "root"],
        ["one-settings", "owned by Gadget/one"],
      ]),
    );
  });
});

describe("choosing", () => {
  test("a name, two namespaces, a selector: only what was chosen has a story", async () => {
    const output = cluster.directory();
    for (const [name, namespace, app] of [
      ["web", "default", "a"],
      ["web", "shop", "b"],
      ["other", "default", "a"],
    ] as const) {
      cluster.history.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels: { app } }, data: {} });
    }
    const capture = await cluster.capture({
      output,
      kinds: ["v1/ConfigMap"],
      names: ["web"],
      namespaces: ["default", "shop"],
      selector: "app in (a)",
    });
    await synced(capture, 4);
    capture.stop("enough");
    const { stories } = await capture.done;
    expect(stories.map(({ title }) => title)).toEqual(["ConfigMap/web"]);
    expect(storiesIn(output).get("web")?.metadata.namespace).toBe("default");
  });

  test("--until deleted ends by itself when the root is deleted", async () => {
    const output = cluster.directory();
    cluster.history.create(configMap("settings", "1"));
    const capture = await cluster.capture({ output, kinds: ["v1/ConfigMap"], until: "deleted" });
    await synced(capture, 2);
    cluster.history.remove({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "settings" });
    expect(await capture.done).toMatchObject({ outcome: "complete" });
    expect(storiesIn(output).get("settings")?.metadata).toMatchObject({ state: "completed", completed_because: "deleted" });
  });

  test("--until ready with a --timeout that passes says so, and the story is there", async () => {
    const output = cluster.directory();
    cluster.history.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "slow", namespace: "default" },
      spec: { containers: [] },
      status: { phase: "Pending" },
    });
    let ahead = 0;
    const clock: Clock = {
      ...systemClock,
      now: () => systemClock.now() + ahead,
      monotonic: () => systemClock.monotonic() + ahead,
    };
    const timeoutMs = 3_600_000;
    const capture = await cluster.capture({ output, kinds: ["v1/Pod"], until: "ready", timeoutMs, clock });
    await synced(capture, 2);
    ahead = timeoutMs;
    expect(await capture.done).toMatchObject({ outcome: "timed-out" });
    expect(storiesIn(output).has("slow")).toBe(true);
  });

  test("a story that is quiet for the time-out is written, and written anew when something comes after", async () => {
    const output = cluster.directory();
    cluster.history.create(configMap("settings", "1"));
    const capture = await cluster.capture({ output, kinds: ["v1/ConfigMap"], correlationTimeoutMs: 300 });
    await until(capture, ({ status }) => status === "story-written");
    expect(versionsOf(output, "settings")).toHaveLength(1);
    cluster.history.modify({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "settings" }, (object) => ({
      ...object,
      data: { value: "2" },
    }));
    await until(capture, (status) => status.status === "story-opened" && status.reopened);
    capture.stop("enough");
    await capture.done;
    expect(versionsOf(output, "settings")).toHaveLength(2);
  });
});

test("a cluster that refuses every root ends the capture with the Role that is missing", async () => {
  await cluster.close();
  cluster = await embeddedCluster({ authorize: ({ resource }) => resource?.plural !== "deployments" });
  const capture = await cluster.capture({ output: cluster.directory() });
  await expect(capture.done).rejects.toMatchObject({
    code: "FARO_RBAC_DENIED",
    hint: expect.stringContaining('resources: ["deployments", "replicasets"]'),
  });
});

test("a related kind that is refused is degraded, in the coverage, and recording goes on", async () => {
  await cluster.close();
  cluster = await embeddedCluster({ authorize: ({ resource }) => resource?.plural !== "replicasets" });
  const output = cluster.directory();
  cluster.history.create({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default" },
    spec: { replicas: 0 },
  });
  const capture = await cluster.capture({ output });
  await listen(capture).until((told) => told.some(({ status }) => status === "scope-degraded") && told.some(holdsVersion));
  expect(capture.conditions()).toEqual([
    expect.objectContaining({ severity: "degraded", subject: "replicasets.v1.apps/default" }),
  ]);
  capture.stop("enough");
  expect(await capture.done).toMatchObject({ outcome: "incomplete" });
  expect(storiesIn(output).get("web")?.coverage).toMatchObject({
    verdict: "incomplete",
    gaps: [{ cause: "forbidden", scope: "replicasets.v1.apps/default" }],
  });
});

test("the recording holds each object's bytes as they were sent", async () => {
  const output = cluster.directory();
  const text =
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"exact","namespace":"default"},"z":9007199254740993,"a":1.0,"b":1e400}';
  const capture = await cluster.capture({ output, kinds: ["v1/ConfigMap"] });
  await synced(capture, 2);
  cluster.history.create(text);
  await until(capture, ({ status }) => status === "story-opened");
  capture.stop("enough");
  const { stories } = await capture.done;
  expect(readFileSync(stories[0]?.file ?? "", "utf8")).toContain('"z":9007199254740993,"a":1.0,"b":1e400');
});
