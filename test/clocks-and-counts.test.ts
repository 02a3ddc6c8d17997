/** Times that step or differ, Events that count, deletions that wait: told as they were, in the order in which they came. */
import { afterEach, describe, expect, test } from "vitest";
import { ClusterHistory, ContainerLogs, startApiServer } from "../src/apiserver/index.ts";
import { type Clock, systemClock } from "../src/base/index.ts";
import type { StoryDocument } from "../src/story/index.ts";
import { type Embedded, embeddedCluster, listen, storiesIn, synced } from "./support/embedded.ts";

let cluster: Embedded;
afterEach(() => cluster.close());

const SETTINGS = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "settings" };
const settings = (value: number): Parameters<Embedded["history"]["create"]>[0] => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "settings", namespace: "default" },
  data: { value: String(value) },
});
const setTo = (value: number): unknown =>
  cluster.history.modify(SETTINGS, (object) => ({ ...object, data: { value: String(value) } }));

type RootEvent = Extract<StoryDocument["events"][number], { readonly final_state_unknown?: unknown }>;
/** The story's versions of its root, in its order. */
const rootEvents = (story: StoryDocument | undefined): readonly RootEvent[] =>
  (story?.events ?? []).flatMap((event) => (event.event_type === "RESOURCE_UPDATE" ? [event] : []));

describe("a wall clock", () => {
  test("that steps back an hour in mid-run changes neither the order of arrival nor what is told", async () => {
    cluster = await embeddedCluster();
    let step = 0;
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + step };
    const output = cluster.directory();
    const capture = await cluster.capture({ output, kinds: ["v1/ConfigMap"], clock });
    const heard = listen(capture);
    await synced(capture, 2);
    cluster.history.create(settings(1));
    await heard.rootVersions(1);
    step = -3_600_000;
    setTo(2);
    await heard.rootVersions(2);
    setTo(3);
    await heard.rootVersions(3);
    capture.stop("enough");
    await capture.done;
    const story = storiesIn(output).get("settings");
    const events = rootEvents(story);
    expect(events.map(({ data }) => (data as { readonly data: { readonly value: string } }).data.value)).toEqual(["1", "2", "3"]);
    expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq).toSorted((a, b) => a - b));
    expect(story?.coverage).toMatchObject({ verdict: "complete", gaps: [] });
  });

  test("of a server that is 90 s ahead is kept in what it wrote, and moves nothing that Faro writes", async () => {
    const ahead: Clock = { ...systemClock, now: () => systemClock.now() + 90_000 };
    cluster = await embeddedCluster();
    const history = new ClusterHistory({ clock: ahead });
    const server = await startApiServer({ history, logs: new ContainerLogs(), clock: ahead });
    const output = cluster.directory();
    const before = systemClock.now();
    const capture = await cluster.capture({
      output,
      kinds: ["v1/ConfigMap"],
      client: cluster.client({ by: "nothing" }, systemClock, server.url),
    });
    const heard = listen(capture);
    history.create(settings(1));
    await heard.rootVersions(1);
    capture.stop("enough");
    await capture.done;
    await server.close();
    const [event] = rootEvents(storiesIn(output).get("settings"));
    const { metadata } = Object(event?.data) as { readonly metadata: { readonly creationTimestamp: string } };
    expect(Date.parse(metadata.creationTimestamp)).toBeGreaterThan(systemClock.now() + 60_000);
    for (const time of [event?.timestamp, event?.received_at]) {
      expect(Date.parse(time ?? "")).toBeGreaterThanOrEqual(before - 1);
      expect(Date.parse(time ?? "")).toBeLessThanOrEqual(systemClock.now());
    }
  });
});

test("an Event that counts is told at every count, and one of the same name after it is another one", async () => {
  cluster = await embeddedCluster();
  const output = cluster.directory();
  const capture = await cluster.capture({ output, kinds: ["v1/ConfigMap"] });
  const heard = listen(capture);
  await synced(capture, 2);
  const { uid } = (JSON.parse(cluster.history.create(settings(1)).text) as { metadata: { uid: string } }).metadata;
  const event = { apiVersion: "v1", kind: "Event", namespace: "default", name: "settings.1" };
  const create = (): unknown =>
    cluster.history.create({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: "settings.1", namespace: "default" },
      involvedObject: { apiVersion: "v1", kind: "ConfigMap", name: "settings", namespace: "default", uid },
      reason: "Synced",
      count: 1,
      lastTimestamp: "2026-01-01T00:00:00Z",
    });
  create();
  for (const occurrences of [2, 5]) cluster.history.modify(event, (object) => ({ ...object, count: occurrences }));
  cluster.history.modify(event, (object) => ({
    ...object,
    series: { count: 40, lastObservedTime: "2026-01-01T00:06:00.000000Z" },
  }));
  cluster.history.remove(event);
  create();
  await heard.until((all) => count(all) >= 6);
  capture.stop("enough");
  await capture.done;
  const told = (storiesIn(output).get("settings")?.events ?? []).flatMap((one) =>
    one.event_type === "K8S_EVENT"
      ? [{ uid: one.uid, action: one.action, data: one.data as { count: number; series?: { count: number } } }]
      : [],
  );
  const lives = [...new Set(told.map((one) => one.uid))].map((of) =>
    told.filter((one) => one.uid === of).map(({ action, data }) => `${action} ${data.series?.count ?? data.count}`),
  );
  expect(lives.toSorted((a, b) => a.length - b.length)).toEqual([
    ["add 1"],
    ["add 1", "update 2", "update 5", "update 40", "delete 40"],
  ]);

  function count(all: Parameters<Parameters<typeof heard.until>[0]>[0]): number {
    return all.reduce((sum, status) => sum + (status.status === "batch-written" ? (status.byType["K8S_EVENT"] ?? 0) : 0), 0);
  }
});

test("an object that finalizers hold is told as one whose deletion was asked for, until it is gone", async () => {
  cluster = await embeddedCluster();
  const output = cluster.directory();
  const capture = await cluster.capture({ output, kinds: ["v1/ConfigMap"] });
  const heard = listen(capture);
  await synced(capture, 2);
  const finalizers = ["shop.test/a", "shop.test/b", "shop.test/c"];
  cluster.history.create({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "default", finalizers },
  });
  cluster.history.requestDeletion(SETTINGS);
  await heard.rootVersions(2);
  expect(storiesCompleted()).toBe(0);
  for (let left = 2; left >= 0; left--) {
    cluster.history.modify(SETTINGS, (object) => ({
      ...object,
      metadata: { ...object.metadata, finalizers: finalizers.slice(0, left) },
    }));
  }
  await heard.until((all) => all.some(({ status }) => status === "story-written"));
  capture.stop("enough");
  await capture.done;
  const story = storiesIn(output).get("settings");
  expect(rootEvents(story).map(({ action }) => action)).toEqual(["add", "update", "update", "update", "delete"]);
  expect(story?.metadata.completed_because).toBe("deleted");

  function storiesCompleted(): number {
    return storiesIn(output).size;
  }
});
