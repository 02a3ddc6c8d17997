import { describe, expect, test } from "vitest";
import { configMap, configMapRef, openServer, type TestServer } from "../test-server.cases.ts";

const WATCH = "/api/v1/namespaces/default/configmaps?watch=true";
const EVENTS = "/api/v1/events?watch=true";

function event(name: string): Parameters<TestServer["history"]["create"]>[0] {
  return { apiVersion: "v1", kind: "Event", metadata: { name, namespace: "default" }, involvedObject: { uid: "u" } };
}

describe("from a revision", () => {
  test("every later change comes, once and in order, as it is stored", async () => {
    const { open, history } = await openServer();
    history.create(configMap("a"));
    history.update(configMap("a", "2"));
    const watch = await open(`${WATCH}&resourceVersion=2`);
    expect(await watch.change()).toBe("MODIFIED a@3");
    history.create(configMap("elsewhere", "1", "other"));
    history.remove(configMapRef("a"));
    const { text } = history.create(configMap("b"));
    expect(await watch.change()).toBe("DELETED a@5");
    expect(await watch.next()).toBe(`{"type":"ADDED","object":${text}}`);
  });

  test("the stream answers at once, before anything happens", async () => {
    const { open } = await openServer();
    const { response } = await open(`${WATCH}&resourceVersion=1`);
    expect([response.status, response.headers.get("content-type"), response.headers.get("transfer-encoding")]).toEqual([
      200,
      "application/json",
      "chunked",
    ]);
  });

  test("one from the future hears nothing until it is passed", async () => {
    const { open, history } = await openServer();
    const watch = await open(`${WATCH}&resourceVersion=3`);
    for (const name of "abc") history.create(configMap(name));
    expect(await watch.change()).toBe("ADDED c@4");
  });

  test("that is older than the window ends with an error inside the stream", async () => {
    const { open, history } = await openServer({ window: { minEvents: 2, maxEvents: 2, freshMs: 75_000 } });
    for (const name of "abc") history.create(configMap(name));
    const watch = await open(`${WATCH}&resourceVersion=1`);
    expect(watch.response.status).toBe(200);
    expect(await watch.next()).toBe(
      '{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",' +
        '"message":"too old resource version: 1 (2)","reason":"Expired","code":410}}',
    );
    expect(await watch.next()).toBeUndefined();
    expect(await (await open(`${WATCH}&resourceVersion=2`)).changes(2)).toEqual(["ADDED b@3", "ADDED c@4"]);
  });

  test("the window grows while its changes are young and stays when they are old", async () => {
    const { open, history, clock } = await openServer({ window: { minEvents: 2, maxEvents: 8, freshMs: 75_000 } });
    for (const name of "abcd") history.create(configMap(name));
    expect(await (await open(`${WATCH}&resourceVersion=1`)).change()).toBe("ADDED a@2");
    await clock.advance(80_000);
    history.create(configMap("e"));
    expect(await (await open(`${WATCH}&resourceVersion=1`)).change()).toBe("ERROR 410 too old resource version: 1 (2)");
  });

  test("a compaction ends watches of Events, which have no window, and leaves the others", async () => {
    const { open, history } = await openServer();
    history.create(configMap("a"));
    history.create(event("e"));
    history.create(event("f"));
    history.compact(4);
    expect(await (await open(`${WATCH}&resourceVersion=1`)).change()).toBe("ADDED a@2");
    expect(await (await open(`${EVENTS}&resourceVersion=2`)).change()).toBe(
      "ERROR 410 The resourceVersion for the provided watch is too old.",
    );
    expect(await (await open(`${EVENTS}&resourceVersion=3`)).change()).toBe("ADDED f@4");
  });
});

describe("from the present state", () => {
  test.each(["", "&resourceVersion=0"])("synthetic ADDED come first (%j)", async (query) => {
    const { open, history } = await openServer();
    history.create(configMap("b"));
    history.create(configMap("a"));
    const watch = await open(`${WATCH}${query}`);
    expect(await watch.changes(2)).toEqual(["ADDED a@3", "ADDED b@2"]);
    history.update(configMap("a", "2"));
    expect(await watch.change()).toBe("MODIFIED a@4");
  });

  test.each([
    ["configmaps", WATCH],
    ["events", EVENTS],
  ])("sendInitialEvents ends them with a marked bookmark: %s", async (_kind, path) => {
    const { open, history } = await openServer();
    history.create(configMap("a"));
    history.create(event("a"));
    const watch = await open(`${path}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`);
    expect(await watch.changes(2)).toEqual([expect.stringMatching(/^ADDED a@/), "BOOKMARK! -@3"]);
    history.create(path === WATCH ? configMap("b") : event("b"));
    expect(await watch.change()).toBe("ADDED b@4");
  });

  test("without bookmarks the mark never comes", async () => {
    const { open, history } = await openServer();
    const watch = await open(`${WATCH}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`);
    history.create(configMap("a"));
    expect(await watch.change()).toBe("ADDED a@2");
  });

  test.each([
    ["sendInitialEvents=true", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"],
    ["resourceVersionMatch=NotOlderThan", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"],
    ["sendInitialEvents=true&resourceVersionMatch=Exact", 'Unsupported value: "Exact": supported values: "NotOlderThan"'],
    [
      "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x",
      "resourceVersionMatch is forbidden when continue is provided",
    ],
  ])("%s is refused with 422", async (query, why) => {
    const { get } = await openServer();
    expect(await get(`${WATCH}&${query}`)).toMatchObject({
      status: 422,
      body: { reason: "Invalid", message: expect.stringContaining(why) },
    });
  });

  test("a server without the feature refuses it", async () => {
    const { get } = await openServer({ settings: { watchList: false } });
    expect(await get(`${WATCH}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining("unless the WatchList feature gate is enabled") },
    });
  });

  test("a revision that does not come is a 504 inside the stream, after 3 s", async () => {
    const { get, clock, server } = await openServer();
    const answer = get(`${WATCH}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=50`);
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(3_000);
    expect(await answer).toMatchObject({ status: 200, text: expect.stringContaining('"reason":"Timeout"') });
  });
});

describe("with a selection", () => {
  test("an object that starts or stops to match is ADDED or DELETED", async () => {
    const { open, history } = await openServer();
    history.create(configMap("a", "no"));
    const watch = await open(`${WATCH}&resourceVersion=1&labelSelector=value%3Dyes`);
    history.update(configMap("a", "yes"));
    history.update({ ...configMap("a", "yes"), data: { more: "1" } });
    history.update(configMap("a", "no"));
    history.update(configMap("a", "yes"));
    history.remove(configMapRef("a"));
    history.create(configMap("b", "no"));
    history.remove(configMapRef("b"));
    history.create(configMap("c", "yes"));
    expect(await watch.changes(3)).toEqual(["ADDED a@3", "MODIFIED a@4", "DELETED a@5"]);
    expect(await watch.changes(3)).toEqual(["ADDED a@6", "DELETED a@7", "ADDED c@10"]);
  });

  test("what stopped to match is shown as it last matched", async () => {
    const { open, history } = await openServer();
    history.create(configMap("a", "yes"));
    const watch = await open(`${WATCH}&resourceVersion=2&labelSelector=value%3Dyes`);
    history.update(configMap("a", "no"));
    expect(JSON.parse((await watch.next()) ?? "")).toMatchObject({
      type: "DELETED",
      object: { data: { value: "yes" }, metadata: { resourceVersion: "3" } },
    });
  });

  test("by name only that object is told", async () => {
    const { open, history } = await openServer();
    const watch = await open(`${WATCH}&resourceVersion=1&fieldSelector=metadata.name%3Db`);
    for (const name of "abc") history.create(configMap(name));
    expect(await watch.change()).toBe("ADDED b@3");
  });
});

describe("bookmarks", () => {
  test("come every minute and two seconds before the deadline, then the stream ends cleanly", async () => {
    const { open, history, clock } = await openServer();
    history.create(configMap("a"));
    const watch = await open(`${WATCH}&resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=100`);
    expect(await watch.change()).toBe("ADDED a@2");
    await clock.advance(60_000);
    expect(await watch.change()).toBe("BOOKMARK -@2");
    history.create({ apiVersion: "v1", kind: "Secret", metadata: { name: "other kinds move it too" } });
    await clock.advance(37_999);
    await clock.advance(1);
    expect(await watch.next()).toBe(
      '{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"3"}}}',
    );
    await clock.advance(2_000);
    expect(await watch.next()).toBeUndefined();
  });

  test("come only when allowed, and never for Events", async () => {
    const { open, history, clock } = await openServer();
    const quiet = await open(`${WATCH}&resourceVersion=1`);
    const events = await open(`${EVENTS}&resourceVersion=1&allowWatchBookmarks=true`);
    await clock.advance(600_000);
    history.create(configMap("a"));
    history.create(event("e"));
    expect([await quiet.change(), await events.change()]).toEqual(["ADDED a@2", "ADDED e@3"]);
  });

  test("are not sent before the revision that the watch began with", async () => {
    const { open, history, clock } = await openServer();
    const watch = await open(`${WATCH}&resourceVersion=2&allowWatchBookmarks=true`);
    await clock.advance(60_000);
    history.create(configMap("a"));
    history.create(configMap("b"));
    expect(await watch.change()).toBe("ADDED b@3");
  });
});

describe("how a stream ends", () => {
  test("without a timeout it lives between 30 and 60 minutes", async () => {
    const { open, clock, server } = await openServer();
    const watch = await open(`${WATCH}&resourceVersion=1`);
    await clock.advance(1_800_000 - 1);
    expect(server.streams).toHaveLength(1);
    await clock.advance(1_800_000 + 1);
    expect(await watch.change()).toBeUndefined();
  });

  test("a reader that does not keep up is ended cleanly", async () => {
    const { open, history } = await openServer({
      settings: { slowReader: { items: 3, bytes: 1_000_000 } },
      faults: { onWatchEvent: () => new Promise((resolve) => setImmediate(() => resolve(undefined))) },
    });
    const watch = await open(`${WATCH}&resourceVersion=1`);
    for (const name of "abcdefgh") history.create(configMap(name));
    const seen: (string | undefined)[] = [];
    do seen.push(await watch.change());
    while (seen.at(-1) !== undefined);
    expect(seen.length).toBeLessThan(9);
    expect(seen.slice(0, 3)).toEqual(["ADDED a@2", "ADDED b@3", "ADDED c@4"]);
  });

  test("the socket's own back-pressure holds the stream, and nothing is lost", async () => {
    const { open, history } = await openServer();
    const watch = await open(`${WATCH}&resourceVersion=1`);
    const large = "x".repeat(900_000);
    for (let at = 0; at < 12; at++) history.create({ ...configMap(`n${at}`), data: { large } });
    expect(await watch.changes(12)).toEqual(Array.from({ length: 12 }, (_, at) => `ADDED n${at}@${at + 2}`));
  });
});

test("a watch as a table carries its columns once", async () => {
  const { open, history } = await openServer();
  history.create(configMap("a"));
  const watch = await open(`${WATCH}&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`, {
    accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
  });
  expect(JSON.parse((await watch.next()) ?? "")).toMatchObject({
    type: "ADDED",
    object: { kind: "Table", columnDefinitions: [{ name: "Name" }, {}, {}], rows: [{ cells: ["a", 1, "0s"] }] },
  });
  expect(JSON.parse((await watch.next()) ?? "")).toMatchObject({
    type: "BOOKMARK",
    object: { kind: "Table", rows: [], metadata: { resourceVersion: "2" } },
  });
  history.update(configMap("a", "2"));
  expect(JSON.parse((await watch.next()) ?? "")).toMatchObject({ type: "MODIFIED", object: { columnDefinitions: null } });
});

test("a watch of metadata leaves the data out", async () => {
  const { open, history } = await openServer();
  history.create(configMap("a", "hidden"));
  const watch = await open(WATCH, { accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1" });
  expect(JSON.parse((await watch.next()) ?? "")).toMatchObject({
    type: "ADDED",
    object: { kind: "PartialObjectMetadata", metadata: { name: "a" } },
  });
});
