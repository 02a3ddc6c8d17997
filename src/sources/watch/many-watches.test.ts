/** What matters only with many watches, or very long lines: spread, independence, bounds. */
import { expect, test } from "vitest";
import { VirtualClock } from "../../base/index.ts";
import type { ApiResource } from "../../cluster/index.ts";
import { type Answer, ScriptedClient } from "../../../test/support/scripted-client.ts";
import type { WatchItem } from "./watch-item.ts";
import { watchResource } from "./watcher.ts";

const resource = (plural: string): ApiResource => ({
  group: "",
  version: "v1",
  apiVersion: "v1",
  plural,
  singular: plural,
  kind: "Kind",
  namespaced: true,
  verbs: ["get", "list", "watch"],
  shortNames: [],
  categories: [],
});
const list = (resourceVersion: string): Answer => ({
  body: `{"kind":"KindList","metadata":{"resourceVersion":"${resourceVersion}"},"items":[]}`,
});
const added = (resourceVersion: string, data = ""): string => {
  const metadata = { name: "a", uid: `u-${resourceVersion}`, resourceVersion };
  return `${JSON.stringify({ type: "ADDED", object: { metadata, data } })}\n`;
};

async function play(
  client: ScriptedClient,
  plural: string,
  clock: VirtualClock = new VirtualClock(),
): Promise<readonly WatchItem[]> {
  const stop = new AbortController();
  const items: WatchItem[] = [];
  const target = { resource: resource(plural), namespace: "shop", metadataOnly: false };
  const done = (async () => {
    for await (const item of watchResource({ client, clock, target, known: new Map() }, stop.signal)) items.push(item);
  })();
  await clock.advance(100);
  stop.abort(new Error("the test is over"));
  await done;
  return items;
}

const objects = (items: readonly WatchItem[]): readonly string[] =>
  items.flatMap((item) => (item.item === "object" ? [item.object.resourceVersion] : []));

test("two hundred watches that begin together do not end together", async () => {
  const seconds: number[] = [];
  for (let seed = 1; seed <= 200; seed++) {
    const client = new ScriptedClient()
      .next(list("100"), (_, call) => call === "read")
      .next({ chunks: [], after: "hold" }, (_, call) => call === "stream");
    await play(client, "pods", new VirtualClock(undefined, seed));
    const watch = client.asked.find(({ call }) => call === "stream");
    seconds.push(Number(watch?.request.query?.["timeoutSeconds"]));
  }
  const most = Math.max(...seconds.map((second) => seconds.filter((other) => other === second).length));
  expect(most).toBeLessThanOrEqual(20);
  expect(Math.min(...seconds)).toBeGreaterThanOrEqual(240);
  expect(Math.max(...seconds)).toBeLessThanOrEqual(420);
});

test("versions of one kind say nothing about another's: Events may be kept in an etcd of their own, far behind", async () => {
  const script = (first: number): ScriptedClient =>
    new ScriptedClient()
      .next(list(String(first)), (_, call) => call === "read")
      .next({ chunks: [added(String(first + 1)), added(String(first + 2))], after: "hold" }, (_, call) => call === "stream");
  const clock = new VirtualClock();
  const [pods, events] = [await play(script(1_000_000), "pods", clock), await play(script(50), "events", clock)];
  expect(objects(pods)).toEqual(["1000001", "1000002"]);
  expect(objects(events)).toEqual(["51", "52"]);
  expect([...pods, ...events].filter(({ item }) => item === "incident")).toEqual([]);
});

test("a line of 12 MiB is read; one above 16 MiB without an end is left with an incident, and not kept in memory", async () => {
  const long = added("101", "x".repeat(12 << 20));
  const pieces = Array.from({ length: 17 }, () => Buffer.alloc(1 << 20, "y"));
  const client = new ScriptedClient()
    .next(list("100"), (_, call) => call === "read")
    .next({ chunks: [long, ...pieces, ...pieces], after: "end" }, (_, call) => call === "stream")
    .always({ chunks: [], after: "hold" }, (_, call) => call === "stream");
  const items = await play(client, "pods");
  expect(objects(items)).toEqual(["101"]);
  expect(items.filter(({ item }) => item === "incident").map((item) => ("detail" in item ? item.detail : ""))).toEqual([
    expect.stringContaining("a line above 16777216 bytes"),
  ]);
});
