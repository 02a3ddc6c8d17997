import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { VirtualClock } from "../base/index.ts";
import { compactAtOnce, compactPeriodically, expireEvents, terminateNamespace, Tokens } from "./cluster-events.ts";
import { fromLine } from "./fault-schedule.ts";
import { type FaultHooks, times } from "./faults.ts";
import { bytesOf, EVENTS, follow, get, LIST, WATCH, world } from "./test-local.cases.ts";
import { configMap, configMapRef } from "./test-server.cases.ts";
import {
  deletedBeforeEndMarker,
  earlyEndMarker,
  endMarker,
  errorWithoutCode,
  onlyBookmarks,
  repeatedLines,
  staleBookmarks,
  storageReadError,
  swappedLines,
  withoutBookmarks,
  withoutDeletions,
} from "./watch-faults.ts";

const WATCH_LIST = `${WATCH}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`;

/** A watch with initial events of one object, to which `b` is added and from which `a` goes; a minute passes. */
async function suffer(faults: (clock: VirtualClock) => FaultHooks): Promise<readonly string[]> {
  const { server, history, clock } = world((theClock) => ({ faults: faults(theClock) }));
  history.create(configMap("a"));
  const seen = follow(server, WATCH_LIST);
  await clock.advance(0);
  history.create(configMap("b"));
  history.remove(configMapRef("a"));
  await clock.advance(60_000);
  return seen;
}

test.each<[string, (clock: VirtualClock) => FaultHooks, readonly string[]]>([
  ["nothing", () => ({}), ["ADDED a@2", "BOOKMARK! -@2", "ADDED b@3", "DELETED a@4", "BOOKMARK -@4"]],
  ["no bookmarks", withoutBookmarks, ["ADDED a@2", "ADDED b@3", "DELETED a@4"]],
  ["only bookmarks", onlyBookmarks, ["BOOKMARK! -@2", "BOOKMARK -@4"]],
  [
    "bookmarks of an old revision",
    () => staleBookmarks(1),
    ["ADDED a@2", "BOOKMARK! -@2", "ADDED b@3", "DELETED a@4", "BOOKMARK -@1"],
  ],
  ["no end marker", () => endMarker("missing"), ["ADDED a@2", "ADDED b@3", "DELETED a@4", "BOOKMARK -@4"]],
  [
    "an end marker that says false",
    () => endMarker("false"),
    ["ADDED a@2", "BOOKMARK -@2", "ADDED b@3", "DELETED a@4", "BOOKMARK -@4"],
  ],
  [
    "an end marker before the state",
    () => earlyEndMarker(2),
    ["BOOKMARK! -@2", "ADDED a@2", "BOOKMARK! -@2", "ADDED b@3", "DELETED a@4", "BOOKMARK -@4"],
  ],
  [
    "a deletion before the end marker",
    () => deletedBeforeEndMarker({ ...configMap("z"), metadata: { name: "z", resourceVersion: "2" } }),
    ["ADDED a@2", "DELETED z@2", "BOOKMARK! -@2", "ADDED b@3", "DELETED a@4", "BOOKMARK -@4"],
  ],
  ["no deletions", withoutDeletions, ["ADDED a@2", "BOOKMARK! -@2", "ADDED b@3", "BOOKMARK -@4"]],
  [
    "lines twice",
    (clock) => fromLine(2, repeatedLines(clock, 1)),
    ["ADDED a@2", "BOOKMARK! -@2", "ADDED b@3", "ADDED b@3", "DELETED a@4", "DELETED a@4", "BOOKMARK -@4", "BOOKMARK -@4"],
  ],
  [
    "lines in another order",
    (clock) => fromLine(2, times(1, swappedLines(clock, 1))),
    ["ADDED a@2", "BOOKMARK! -@2", "DELETED a@4", "ADDED b@3", "BOOKMARK -@4"],
  ],
  ["an object that cannot be read", () => fromLine(2, storageReadError()), ["ADDED a@2", "BOOKMARK! -@2", "ERROR 500", "end"]],
  ["an error without a code", () => fromLine(2, errorWithoutCode()), ["ADDED a@2", "BOOKMARK! -@2", "ERROR undefined", "end"]],
])("a watch with %s", async (_what, faults, expected) => {
  expect(await suffer(faults)).toEqual(expected);
});

describe("forced compression", () => {
  test("every line is a gzip member of its own", async () => {
    const { server, history } = world({ faults: { onTransport: () => ({ fault: "gzip" }) } });
    const { headers, body } = await server.exchange({ url: `${WATCH}&resourceVersion=1` });
    history.create(configMap("a"));
    history.create(configMap("b"));
    const members: Buffer[] = [];
    for await (const chunk of body) if (members.push(chunk) === 2) break;
    expect(headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(Buffer.concat(members)).toString("utf8").trim().split("\n")).toHaveLength(2);
  });

  test("from some byte on it is no gzip any more", async () => {
    const { server } = world({ faults: { onTransport: () => ({ fault: "gzip", corruptAt: 30 }) } });
    const { body } = await server.exchange({ url: LIST });
    const all = await bytesOf(body);
    expect(all.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
    expect(() => gunzipSync(all)).toThrow(/invalid|incorrect/);
  });
});

describe("what happens to the cluster", () => {
  test("compaction every five minutes to where it was five minutes ago, or at once", async () => {
    const { history, clock } = world();
    const stop = compactPeriodically(history, clock, { everyMs: 300_000 });
    history.create(configMap("a"));
    await clock.advance(300_000);
    expect(history.compactedRevision).toBe(1);
    history.create(configMap("b"));
    await clock.advance(300_000);
    expect(history.compactedRevision).toBe(2);
    stop();
    const end = compactAtOnce(history, clock);
    history.create(configMap("c"));
    await clock.advance(600_000);
    expect(history.compactedRevision).toBe(4);
    end();
  });

  test("an Events watch that sat idle through a compaction is too old, one of a cached kind is not", async () => {
    const { server, history, clock } = world();
    for (const name of "abc") history.create(configMap(name));
    history.compact(4);
    const events = follow(server, `${EVENTS}&resourceVersion=2`);
    const cached = follow(server, `${WATCH}&resourceVersion=2`);
    await clock.advance(0);
    expect([events, cached]).toEqual([
      ["ERROR 410", "end"],
      ["ADDED b@3", "ADDED c@4"],
    ]);
    const exact = await get(server, `${LIST}?resourceVersion=2&resourceVersionMatch=Exact&fieldSelector=metadata.name=a`);
    expect([exact.status, JSON.parse(exact.body)]).toEqual([
      410,
      {
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        message: "The resourceVersion for the provided list is too old.",
        reason: "Expired",
        code: 410,
      },
    ]);
  });

  test("Events of one lease go at one revision", async () => {
    const { server, history, clock } = world();
    for (const name of "ab") history.create({ apiVersion: "v1", kind: "Event", metadata: { name, namespace: "default" } });
    await clock.advance(1_800_000);
    history.create({ apiVersion: "v1", kind: "Event", metadata: { name: "late", namespace: "default" } });
    const seen = follow(server, `${EVENTS}&resourceVersion=4`);
    await clock.advance(1_800_000 - 1_000);
    expect(expireEvents(history, clock)).toEqual([]);
    await clock.advance(1_000);
    expireEvents(history, clock);
    await clock.advance(0);
    expect(seen.slice(0, 2)).toEqual(["DELETED a@5", "DELETED b@5"]);
  });

  test("a namespace that terminates goes after what is in it", async () => {
    const { server, history, clock } = world();
    history.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
    for (const namespace of ["shop", "default"]) history.create(configMap("a", "1", namespace));
    const finish = terminateNamespace(history, clock, "shop");
    expect(JSON.parse((await get(server, "/api/v1/namespaces")).body).items[0]).toMatchObject({
      metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" },
      status: { phase: "Terminating" },
    });
    finish();
    expect((await get(server, "/api/v1/configmaps")).list).toBe("7 a");
    expect((await get(server, "/api/v1/namespaces")).list).toBe("7");
  });

  test("tokens expire and can be revoked", async () => {
    const box: { tokens?: Tokens } = {};
    const { server, clock } = world((theClock) => (box.tokens = new Tokens(theClock)));
    const ask = async (token = ""): Promise<number> =>
      (await server.exchange({ url: "/healthz", headers: { authorization: `Bearer ${token}` } })).status;
    const [short, long] = [box.tokens?.issue("a", 1_000), box.tokens?.issue("b")];
    expect([await ask(), await ask(short), await ask(long)]).toEqual([401, 200, 200]);
    await clock.advance(1_000);
    expect([await ask(short), await ask(long)]).toEqual([401, 200]);
    box.tokens?.revoke(long ?? "");
    expect(await ask(long)).toBe(401);
  });
});

describe("sizes", () => {
  test("a list of 20 000 objects", async () => {
    const { server, history } = world();
    for (let at = 0; at < 20_000; at++) history.create(configMap(`n${at}`));
    const { body } = await server.exchange({ url: LIST });
    const list = JSON.parse((await bytesOf(body)).toString("utf8"));
    expect(list.items).toHaveLength(20_000);
  });

  test("an object of 1.4 MiB that changes ten times a second", async () => {
    const { server, history, clock } = world();
    const large = (at: number): ReturnType<typeof configMap> => ({
      ...configMap("a"),
      data: { at: String(at), large: "x".repeat(1_468_006) },
    });
    history.create(large(0));
    const { body } = await server.exchange({ url: `${WATCH}&resourceVersion=2` });
    for (let at = 1; at <= 10; at++) {
      history.update(large(at));
      await clock.advance(100);
    }
    let [lines, bytes] = [0, 0];
    for await (const chunk of body) {
      bytes += chunk.length;
      if (++lines === 10) break;
    }
    expect(bytes).toBeGreaterThan(14_680_060);
  });
});
