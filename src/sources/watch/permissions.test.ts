/** One of the two verbs that a watch takes is granted, the other is not. */
import { expect, test } from "vitest";
import { VirtualClock } from "../../base/index.ts";
import type { ApiResource } from "../../cluster/index.ts";
import { type Answer, ScriptedClient } from "../../../test/support/scripted-client.ts";
import { watchResource } from "./watcher.ts";

const PODS: ApiResource = {
  group: "",
  version: "v1",
  apiVersion: "v1",
  plural: "pods",
  singular: "pod",
  kind: "Pod",
  namespaced: true,
  verbs: ["get", "list", "watch"],
  shortNames: ["po"],
  categories: ["all"],
};
const LIST: Answer = { body: '{"kind":"PodList","metadata":{"resourceVersion":"100"},"items":[]}' };
const FORBIDDEN: Answer = { failure: { kind: "http", status: 403, reason: "Forbidden", message: "", causes: [] } };

/** Ten minutes with one of the verbs. */
async function tenMinutes(
  granted: "read" | "stream",
): Promise<{ readonly reads: number; readonly streams: number; readonly items: readonly string[] }> {
  const client = new ScriptedClient()
    .always(granted === "read" ? LIST : FORBIDDEN, (_, call) => call === "read")
    .always(FORBIDDEN, (_, call) => call === "stream");
  const clock = new VirtualClock();
  const stop = new AbortController();
  const target = { resource: PODS, namespace: "shop", metadataOnly: false };
  const items: string[] = [];
  const done = (async () => {
    for await (const { item } of watchResource({ client, clock, target, known: new Map() }, stop.signal)) items.push(item);
  })();
  await clock.advance(600_000);
  stop.abort(new Error("the test is over"));
  await done;
  const count = (call: "read" | "stream"): number => client.asked.filter((asked) => asked.call === call).length;
  return { reads: count("read"), streams: count("stream"), items };
}

test("list without watch: the scope is listed again at a slow pace, and each time between two lists is a gap", async () => {
  const { reads, streams, items } = await tenMinutes("read");
  expect(reads).toBeGreaterThan(5);
  expect(reads).toBeLessThan(30);
  expect(streams).toBeGreaterThan(5);
  expect(streams).toBeLessThan(30);
  expect(items.filter((item) => item === "lost").length).toBeGreaterThan(5);
  expect(items).toContain("degraded");
});

test("watch without list: nothing is watched from an unknown state, the list is asked for slowly", async () => {
  const { reads, streams, items } = await tenMinutes("stream");
  expect(streams).toBeLessThanOrEqual(reads);
  expect(reads).toBeGreaterThan(5);
  expect(reads).toBeLessThan(45);
  expect(new Set(items)).toEqual(new Set(["degraded"]));
});
