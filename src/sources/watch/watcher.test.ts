import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../base/index.ts";
import type { ApiResource } from "../../cluster/index.ts";
import { type Answer, collect, type Matches, ScriptedClient } from "../../../test/support/scripted-client.ts";
import type { KnownVersions, WatchItem, WatchTarget } from "./watch-item.ts";
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
const TARGET: WatchTarget = { resource: PODS, namespace: "shop", metadataOnly: false };
const isExact: Matches = (_, __, request) => request.query?.["resourceVersionMatch"] === "Exact";
const isAudit: Matches = (_, call, request) => call === "read" && request.accept?.includes("PartialObjectMetadata") === true;
const isRead: Matches = (path, call, request) =>
  call === "read" && !isExact(path, call, request) && !isAudit(path, call, request);
const isStream: Matches = (_, call, request) => call === "stream" && request.query?.["sendInitialEvents"] === undefined;
const isStreamedState: Matches = (_, call, request) => call === "stream" && request.query?.["sendInitialEvents"] === true;

function pod(name: string, resourceVersion: string, uid: string = `uid-${name}`): string {
  return `{"metadata":{"name":"${name}","namespace":"shop","uid":"${uid}","resourceVersion":"${resourceVersion}"}}`;
}

function list(resourceVersion: string, items: readonly string[], token: string = ""): Answer {
  return {
    body: `{"kind":"PodList","metadata":{"resourceVersion":"${resourceVersion}","continue":"${token}"},"items":[${items.join(",")}]}`,
  };
}

function line(type: string, object: string): string {
  return `{"type":"${type}","object":${object}}\n`;
}

const BOOKMARK = (resourceVersion: string): string =>
  line("BOOKMARK", `{"kind":"Pod","metadata":{"resourceVersion":"${resourceVersion}"}}`);
const EXPIRED = line("ERROR", '{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}');

interface Run {
  readonly items: WatchItem[];
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

function run(client: ScriptedClient, options: { clock?: VirtualClock; known?: KnownVersions; target?: WatchTarget } = {}): Run {
  const stop = new AbortController();
  const items: WatchItem[] = [];
  const watch = watchResource(
    { client, clock: options.clock ?? new VirtualClock(), target: options.target ?? TARGET, known: options.known ?? new Map() },
    stop.signal,
  );
  const done = (async () => {
    for await (const item of watch) items.push(item);
  })();
  return { items, stop, done };
}

/** Lets virtual time pass until the watcher waits for nothing but the script. */
async function play(
  client: ScriptedClient,
  options: { ms?: number; known?: KnownVersions; target?: WatchTarget } = {},
): Promise<WatchItem[]> {
  const clock = new VirtualClock();
  const { items, stop, done } = run(client, { clock, ...options });
  await clock.advance(options.ms ?? 100);
  stop.abort(new Error("the test is over"));
  await done;
  return items;
}

const brief = (item: WatchItem): string => {
  switch (item.item) {
    case "object":
      return `${item.change} ${item.object.name}@${item.object.resourceVersion} by ${item.observedBy}`;
    case "vanished":
      return `vanished ${item.known.name}`;
    case "listed":
      return `listed@${item.resourceVersion} ${item.changes}/${item.objects}${item.relist ? " relist" : ""}`;
    case "connected":
      return `connected@${item.resourceVersion}`;
    case "reached":
      return `reached@${item.resourceVersion}`;
    case "lost":
      return `lost ${item.cause}@${item.resourceVersion}`;
    case "degraded":
      return `degraded ${item.cause}`;
    case "incident":
      return `incident ${item.what}`;
    case "disconnected":
      return `disconnected: ${item.why}`;
    case "epoch":
      return "epoch";
    case "missed":
      return `missed ${item.changes} in ${item.fromVersion}-${item.toVersion}`;
  }
};
const story = (items: readonly WatchItem[]): string[] => items.map(brief);
const streams = (client: ScriptedClient): (string | number | boolean | undefined)[] =>
  client.asked.filter(({ call }) => call === "stream").map(({ request }) => request.query?.["resourceVersion"]);
const reads = (client: ScriptedClient): number =>
  client.asked.filter(({ call, request }) => isRead(request.path, call, request)).length;

describe("the first list", () => {
  test("is consistent, paged, and the watch starts exactly at its version", async () => {
    const client = new ScriptedClient()
      .next(list("100", [pod("a", "1")], "more"), isRead)
      .next(list("100", [pod("b", "2")]), isRead)
      .next({ chunks: [line("ADDED", pod("c", "101"))], after: "hold" }, isStream);
    expect(story(await play(client))).toEqual([
      "LISTED a@1 by list",
      "LISTED b@2 by list",
      "listed@100 2/2",
      "connected@100",
      "ADDED c@101 by watch",
    ]);
    expect(client.asked[0]?.request.query).toEqual({ limit: 500, continue: undefined });
    expect(client.asked[1]?.request.query).toEqual({ limit: 500, continue: "more" });
    expect(client.asked[2]?.request.query).toMatchObject({ watch: true, allowWatchBookmarks: true, resourceVersion: "100" });
  });

  test("starts again when a page belongs to another version, and gives nothing out twice", async () => {
    const client = new ScriptedClient()
      .next(list("100", [pod("a", "1")], "more"), isRead)
      .next(list("105", [pod("b", "2")]), isRead)
      .next(list("105", [pod("a", "1"), pod("b", "2")]), isRead)
      .next({ chunks: [], after: "hold" }, isStream);
    const told = story(await play(client));
    expect(told.filter((text) => text.startsWith("LISTED a"))).toHaveLength(1);
    expect(told).toContain("incident list restarted");
    expect(told).toContain("listed@105 1/2 relist");
  });

  test("reads everything in one page when the continue token expires", async () => {
    const expired: Answer = { failure: { kind: "http", status: 410, reason: "Expired", message: "continue token", causes: [] } };
    const client = new ScriptedClient()
      .next(list("100", [pod("a", "1")], "more"), isRead)
      .next(expired, isRead)
      .next(list("110", [pod("a", "1"), pod("b", "2")]), isRead)
      .next({ chunks: [], after: "hold" }, isStream);
    expect(story(await play(client))).toContain("listed@110 1/2 relist");
    expect(client.asked[2]?.request.query?.["limit"]).toBeUndefined();
  });

  const notLists: readonly [string, string][] = [
    ["an empty object", "{}"],
    ["a list without a version", '{"kind":"PodList","metadata":{},"items":[]}'],
    ["a body cut at seventy percent", '{"kind":"PodList","metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"a"'],
    ["a list of another kind", '{"kind":"SecretList","metadata":{"resourceVersion":"9"},"items":[]}'],
    ["another kind of document", '{"kind":"Status","metadata":{"resourceVersion":"9"},"items":[]}'],
  ];
  test.each(notLists)("does not take %s for an empty list: nothing vanishes", async (_, body) => {
    const known: KnownVersions = new Map([["uid-a", { resourceVersion: "1", name: "a", namespace: "shop" }]]);
    const client = new ScriptedClient()
      .next({ body }, isRead)
      .next(list("9", [pod("a", "1")]), isRead)
      .next({ chunks: [], after: "hold" }, isStream);
    const told = story(await play(client, { known, ms: 60_000 }));
    expect(told.some((text) => text.startsWith("vanished"))).toBe(false);
    expect(told).toContain("listed@9 0/1 relist");
  });

  test("believes `items: null` with a version", async () => {
    const client = new ScriptedClient()
      .next({ body: '{"kind":"PodList","metadata":{"resourceVersion":"9"},"items":null}' }, isRead)
      .next({ chunks: [], after: "hold" }, isStream);
    expect(story(await play(client))).toEqual(["listed@9 0/0", "connected@9"]);
  });
});

describe("resuming", () => {
  test("a clean end is no loss: the watch goes on from the last version, without a list", async () => {
    const client = new ScriptedClient()
      .next(list("100", []), isRead)
      .next({ chunks: [line("ADDED", pod("a", "101"))] }, isStream)
      .next({ chunks: [line("MODIFIED", pod("a", "102"))], after: "hold" }, isStream);
    expect(story(await play(client))).toEqual([
      "listed@100 0/0",
      "connected@100",
      "ADDED a@101 by watch",
      "disconnected: ended",
      "connected@101",
      "MODIFIED a@102 by watch",
    ]);
    expect(reads(client)).toBe(1);
  });

  test("a bookmark is the place to go on from and is no change", async () => {
    const client = new ScriptedClient()
      .next(list("100", []), isRead)
      .next({ chunks: [BOOKMARK("150")] }, isStream)
      .next({ chunks: [], after: "hold" }, isStream);
    await play(client);
    expect(streams(client)).toEqual(["100", "150"]);
  });

  test("a cut in mid line gives nothing out, at every byte of the line", async () => {
    const whole = line("ADDED", pod("a", "101"));
    for (let cut = 1; cut < whole.length; cut++) {
      const client = new ScriptedClient()
        .next(list("100", []), isRead)
        .next({ chunks: [whole.slice(0, cut)] }, isStream)
        .next({ chunks: [whole], after: "hold" }, isStream);
      const told = story(await play(client, { ms: 2_000 }));
      expect(told.filter((text) => text.startsWith("ADDED"))).toEqual(["ADDED a@101 by watch"]);
      expect(told).toContain("disconnected: ended in mid line");
      expect(streams(client)).toEqual(["100", "100"]);
    }
  });

  test("chunks may end anywhere, also inside a character", async () => {
    const text = Buffer.from(
      line("ADDED", '{"metadata":{"name":"a","uid":"u","resourceVersion":"101","labels":{"x":"🚀\u2028"}}}'),
    );
    for (let size = 1; size <= 7; size++) {
      const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.subarray(at * size, (at + 1) * size));
      const client = new ScriptedClient().next(list("100", []), isRead).next({ chunks, after: "hold" }, isStream);
      const [, , added] = await play(client);
      expect(added?.item === "object" && added.object.raw.toString()).toContain("🚀\u2028");
    }
  });

  test("deletions of one version that were cut in two come once each", async () => {
    const gone = (name: string): string => line("DELETED", pod(name, "200"));
    const client = new ScriptedClient()
      .next(list("100", [pod("a", "1"), pod("b", "2"), pod("c", "3")]), isRead)
      .next({ chunks: [gone("a"), gone("b")] }, isStream)
      .next({ chunks: [gone("a"), gone("b"), gone("c")], after: "hold" }, isStream);
    expect(story(await play(client)).filter((text) => text.startsWith("DELETED"))).toEqual([
      "DELETED a@200 by watch",
      "DELETED b@200 by watch",
      "DELETED c@200 by watch",
    ]);
    expect(streams(client)).toEqual(["100", "100"]);
  });

  test.each([
    ["version", `{"metadata":{"name":"b","namespace":"shop","uid":"uid-b"}}`],
    ["uid", `{"metadata":{"name":"b","namespace":"shop","resourceVersion":"102"}}`],
  ])("an object without a %s is told and moves nothing on", async (_, nameless) => {
    const client = new ScriptedClient()
      .next(list("100", []), isRead)
      .next({ chunks: [line("ADDED", pod("a", "101")), line("ADDED", nameless)] }, isStream)
      .next({ chunks: [line("ADDED", pod("c", "103"))], after: "hold" }, isStream);
    const told = story(await play(client, { ms: 5_000 }));
    expect(told.filter((text) => !text.startsWith("disconnected"))).toEqual([
      "listed@100 0/0",
      "connected@100",
      "ADDED a@101 by watch",
      "incident object without identity",
      "connected@101",
      "ADDED c@103 by watch",
    ]);
    expect(streams(client)).toEqual(["100", "101"]);
  });

  test("what was read before a connection broke stays read", async () => {
    const client = new ScriptedClient()
      .next(list("100", []), isRead)
      .next(
        { chunks: [line("ADDED", pod("a", "101"))], after: { kind: "network", code: "ECONNRESET", message: "connection reset" } },
        isStream,
      )
      .next({ chunks: [], after: "hold" }, isStream);
    expect(story(await play(client, { ms: 5_000 }))).toEqual([
      "listed@100 0/0",
      "connected@100",
      "ADDED a@101 by watch",
      "disconnected: GET /api/v1/namespaces/shop/pods: connection reset (ECONNRESET)",
      "degraded unreachable",
      "connected@101",
    ]);
  });

  test("watches that end at once are not a hot loop, and never a list", async () => {
    const client = new ScriptedClient().next(list("100", []), isRead).always({ chunks: [] }, isStream);
    await play(client, { ms: 60 * 60_000 });
    expect(reads(client)).toBe(1);
    expect(streams(client).length).toBeLessThan(400);
  });

  test("watches that end behind each change are not a hot loop either, and lose nothing", async () => {
    const client = new ScriptedClient().next(list("100", []), isRead);
    for (let version = 101; version <= 150; version++)
      client.next({ chunks: [line("MODIFIED", pod("a", String(version)))] }, isStream);
    client.next({ chunks: [], after: "hold" }, isStream);
    const clock = new VirtualClock();
    const { items, stop, done } = run(client, { clock });
    await clock.advance(1_000);
    expect(streams(client).length).toBeLessThan(10);
    await clock.advance(80_000);
    expect(story(items).filter((text) => text.startsWith("MODIFIED"))).toEqual(
      Array.from({ length: 50 }, (_, at) => `MODIFIED a@${101 + at} by watch`),
    );
    expect(reads(client)).toBe(1);
    stop.abort(new Error("over"));
    await done;
  });
});

describe("lost history", () => {
  const inStream: Answer = { chunks: [EXPIRED] };
  const asStatus: Answer = {
    failure: { kind: "http", status: 410, reason: "Expired", message: "too old resource version", causes: [] },
  };

  test.each([
    ["in the stream", inStream],
    ["as a status", asStatus],
  ])("410 %s: one gap, then every difference by uid", async (_, expired) => {
    const client = new ScriptedClient()
      .next(list("100", [pod("same", "1"), pod("changed", "2"), pod("deleted", "3"), pod("again", "4", "old")]), isRead)
      .next(expired, isStream)
      .next(list("200", [pod("same", "1"), pod("changed", "150"), pod("again", "160", "new"), pod("created", "170")]), isRead)
      .next({ chunks: [], after: "hold" }, isStream);
    const told = story(await play(client));
    expect(told.slice(told.indexOf("lost history-expired@100"))).toEqual([
      "lost history-expired@100",
      "vanished deleted",
      "vanished again",
      "MODIFIED changed@150 by relist",
      "ADDED again@160 by relist",
      "ADDED created@170 by relist",
      "listed@200 5/4 relist",
      "connected@200",
    ]);
  });

  test("a server that refuses the version of each of its lists is not stormed with lists, whatever the dice say", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const client = new ScriptedClient().always(list("100", []), isRead).always(asStatus, isStream);
      const clock = new VirtualClock(undefined, seed);
      const { stop, done } = run(client, { clock });
      await clock.advance(1_000);
      expect(reads(client)).toBeLessThanOrEqual(3);
      stop.abort(new Error("over"));
      await done;
    }
  });

  test("a relist of five thousand unchanged objects gives nothing out", async () => {
    const pods = Array.from({ length: 5_000 }, (_, number) => pod(`p${number}`, String(number + 1)));
    const client = new ScriptedClient()
      .next(list("9000", pods), isRead)
      .next(inStream, isStream)
      .next(list("9001", pods), isRead)
      .next({ chunks: [], after: "hold" }, isStream);
    const told = story(await play(client));
    expect(told.filter((text) => text.includes("by relist") || text.startsWith("vanished"))).toEqual([]);
    expect(told).toContain("listed@9001 0/5000 relist");
  });

  test.each([
    ["undecodable", `{"type":"ADDED","object":{bad}\n`],
    ["of an unknown type", line("SYNC", pod("b", "102"))],
    ["a Table", line("ADDED", `{"kind":"Table","metadata":{"resourceVersion":"102"}}`)],
  ])("a line that stays %s ends in a gap and a list, never in a skipped version", async (_, bad) => {
    const client = new ScriptedClient()
      .next(list("100", []), isRead)
      .next({ chunks: [line("ADDED", pod("a", "101")), bad, line("ADDED", pod("c", "103"))] }, isStream)
      .next({ chunks: [bad] }, isStream)
      .next({ chunks: [bad] }, isStream)
      .next(list("104", [pod("a", "101"), pod("b", "102"), pod("c", "103")]), isRead)
      .next({ chunks: [], after: "hold" }, isStream);
    const told = story(await play(client, { ms: 60_000 }));
    expect(streams(client).slice(0, 3)).toEqual(["100", "101", "101"]);
    expect(told).toContain("lost undecodable@101");
    expect(told.filter((text) => text.includes("by relist"))).toEqual(["ADDED b@102 by relist", "ADDED c@103 by relist"]);
  });
});

describe("refusals", () => {
  const refuse = (status: number, retryAfterMs?: number): Answer => ({
    failure: {
      kind: "http",
      status,
      reason: "x",
      message: "",
      causes: [],
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  });

  test("429 keeps the place, waits as long as asked, and never lists again", async () => {
    const clock = new VirtualClock();
    const client = new ScriptedClient()
      .next(list("100", []), isRead)
      .next(refuse(429, 5_000), isStream)
      .next(refuse(429, 5_000), isStream)
      .next({ chunks: [], after: "hold" }, isStream);
    const { items, stop, done } = run(client, { clock });
    await clock.advance(4_900);
    expect(streams(client)).toEqual(["100"]);
    await clock.advance(30_000);
    expect(streams(client)).toEqual(["100", "100", "100"]);
    expect(story(items)).toEqual(["listed@100 0/0", "connected@100"]);
    expect(reads(client)).toBe(1);
    stop.abort(new Error("over"));
    await done;
  });

  test.each([500, 503, 504])("%i, as a status or in the stream, keeps the place and never lists again", async (code) => {
    const inside = line("ERROR", `{"kind":"Status","code":${code},"reason":"x","message":"etcd is away"}`);
    const client = new ScriptedClient()
      .next(list("100", []), isRead)
      .next(refuse(code), isStream)
      .next({ chunks: [line("ADDED", pod("a", "101")), inside] }, isStream)
      .next({ chunks: [inside] }, isStream)
      .next({ chunks: [line("ADDED", pod("b", "102"))], after: "hold" }, isStream);
    const told = story(await play(client, { ms: 60_000 }));
    expect(streams(client)).toEqual(["100", "100", "101", "101"]);
    expect(reads(client)).toBe(1);
    expect(told.filter((text) => /^(?:ADDED|lost|vanished)/.test(text))).toEqual([
      "ADDED a@101 by watch",
      "ADDED b@102 by watch",
    ]);
  });

  test("403 degrades the scope, is retried slowly, and recovers by itself", async () => {
    const client = new ScriptedClient()
      .always(refuse(422), isStreamedState)
      .next(refuse(403), isRead)
      .next(refuse(403), isRead)
      .next(list("7", []), isRead)
      .next({ chunks: [], after: "hold" }, isStream);
    expect(story(await play(client, { ms: 100_000 }))).toEqual([
      "degraded forbidden",
      "degraded forbidden",
      "listed@7 0/0",
      "connected@7",
    ]);
    expect(reads(client)).toBe(3);
  });

  test("a 403 on the relist deletes nothing", async () => {
    const client = new ScriptedClient()
      .next(list("100", [pod("a", "1")]), isRead)
      .next({ chunks: [EXPIRED] }, isStream)
      .always(refuse(403), isStreamedState)
      .next(refuse(403), isRead)
      .next(list("200", [pod("a", "1")]), isRead)
      .next({ chunks: [], after: "hold" }, isStream);
    const told = story(await play(client, { ms: 100_000 }));
    expect(told).toEqual([
      "LISTED a@1 by list",
      "listed@100 1/1",
      "connected@100",
      "lost history-expired@100",
      "degraded forbidden",
      "listed@200 0/1 relist",
      "connected@200",
    ]);
  });

  test("an hour without a server: it is asked about every second for ten minutes, then less and less", async () => {
    const client = new ScriptedClient().next(list("100", []), isRead);
    await play(client, { ms: 10 * 60_000 });
    expect(streams(client).length).toBeGreaterThan(600);
    expect(streams(client).length).toBeLessThan(1_000);
    const hour = new ScriptedClient().next(list("100", []), isRead);
    await play(hour, { ms: 60 * 60_000 });
    expect(streams(hour).length - streams(client).length).toBeLessThan(400);
  });

  test("a kind without the verb watch is polled, and every pause between two polls is a gap", async () => {
    const target = { ...TARGET, resource: { ...PODS, verbs: ["get", "list"] } };
    const client = new ScriptedClient()
      .next(list("1", [pod("a", "1")]), isRead)
      .next(list("2", [pod("a", "2")]), isRead)
      .always(list("3", [pod("a", "2")]), isRead);
    expect(story(await play(client, { target, ms: 16_000 }))).toEqual([
      "LISTED a@1 by list",
      "listed@1 1/1",
      "lost polled@1",
      "MODIFIED a@2 by relist",
      "listed@2 1/1 relist",
      "lost polled@2",
    ]);
  });
});

test("the watch of one object by name asks for that name alone", async () => {
  const client = new ScriptedClient().next(list("1", []), isRead).next({ chunks: [], after: "hold" }, isStream);
  await collectFirst(client);
  expect(client.asked.every(({ request }) => request.query?.["fieldSelector"] === "metadata.name=web")).toBe(true);
});

async function collectFirst(client: ScriptedClient): Promise<void> {
  const stop = new AbortController();
  const watch = watchResource(
    { client, clock: new VirtualClock(), target: { ...TARGET, name: "web" }, known: new Map() },
    stop.signal,
  );
  await collect(watch, (items) => items.some(({ item }) => item === "connected"));
  stop.abort();
}
