import { describe, expect, test } from "vitest";
import {
  errorAtOpening,
  htmlPage,
  oddHeaders,
  protobuf,
  refuse,
  repeated,
  rewound,
  staleDiscovery,
  table,
  tooManyRequests,
  truncated,
  unauthorized,
  unavailable,
  unsorted,
  warnings,
} from "./answer-faults.ts";
import { during, randomly, toggling } from "./fault-schedule.ts";
import { compose, type FaultHooks, when } from "./faults.ts";
import { bytesOf, follow, get, LIST, WATCH, world } from "./test-local.cases.ts";
import { configMap, openServer } from "./test-server.cases.ts";

describe("refusals", () => {
  test.each<[string, FaultHooks, number, RegExp, string | undefined]>([
    ["too many requests at once", tooManyRequests(7), 429, /^Too many requests, please try again later\.\n$/, "7"],
    ["credentials that are not valid", unauthorized(), 401, /"reason":"Unauthorized"/, undefined],
    ["an aggregated API that is away", unavailable(), 503, /^service unavailable\n$/, undefined],
    ["a page of a proxy", htmlPage(), 504, /^<html>/, undefined],
    [
      "any Status, with a time to wait",
      refuse(500, "InternalError", "boom", { retryAfterSeconds: 2 }),
      500,
      /"message":"boom"/,
      "2",
    ],
  ])("%s", async (...[_what, faults, status, body, retryAfter]) => {
    const seen = await get(world({ faults }).server, LIST).catch(String);
    expect(seen).toMatchObject({ status, body: expect.stringMatching(body) });
    expect(typeof seen === "string" ? seen : seen.headers["retry-after"]).toBe(retryAfter);
  });

  test("a watch that is refused as soon as it is open, again and again", async () => {
    const { server, clock } = world({ faults: errorAtOpening() });
    for (let at = 0; at < 3; at++) {
      const seen = follow(server, `${WATCH}&resourceVersion=1`);
      await clock.advance(0);
      expect(seen).toEqual(["ERROR 410", "end"]);
    }
    expect((await get(server, LIST)).status).toBe(200);
  });
});

describe("foreign forms", () => {
  test("protobuf, though JSON was asked for", async () => {
    const { headers, body } = await get(world({ faults: protobuf() }).server, LIST);
    expect([headers["content-type"], body.slice(0, 4)]).toEqual(["application/vnd.kubernetes.protobuf", "k8s\0"]);
  });

  test("a table, though objects were asked for", async () => {
    const { server, history } = world({ faults: table() });
    history.create(configMap("a"));
    expect(JSON.parse((await get(server, LIST)).body)).toMatchObject({ kind: "Table", rows: [{ cells: ["a", 1, "0s"] }] });
  });

  test.each(["in the process", "over sockets"])("warnings, a header that comes twice and a huge one %s", async (form) => {
    const faults = compose(
      when(({ path }) => path === "/version", warnings("one is old", "two is old")),
      when(({ path }) => path === "/healthz", oddHeaders(9_000)),
    );
    const { server } = world({ faults });
    const { get: fetchPath } = await openServer({ faults });
    const headersOf = async (path: string): Promise<Headers> =>
      form === "over sockets"
        ? (await fetchPath(path)).headers
        : new Headers({ ...(await server.exchange({ url: path })).headers });
    expect((await headersOf("/version")).get("warning")).toBe('299 - "one is old", 299 - "two is old"');
    const odd = await headersOf("/healthz");
    expect([odd.get("x-padding")?.length, odd.get("cache-control")]).toEqual([9_000, "no-cache, private, no-cache, private"]);
  });
});

describe("lists", () => {
  test("that break off", async () => {
    const { server } = world({ faults: truncated(20) });
    const { body } = await server.exchange({ url: LIST });
    expect((await bytesOf(body)).toString("utf8")).toBe('{"kind":"ConfigMapLi');
  });

  test("that are not sorted, or name items twice", async () => {
    const { server, history } = world((clock) => ({ faults: unsorted(clock) }));
    const twice = world((clock) => ({ faults: repeated(clock, 0.5) }));
    for (const name of "abcdef") for (const to of [history, twice.history]) to.create(configMap(name));
    const unsortedNames = (await get(server, LIST)).list.split(" ").slice(1);
    expect([unsortedNames.join("") === "abcdef", [...unsortedNames].sort().join("")]).toEqual([false, "abcdef"]);
    const repeatedNames = (await get(twice.server, LIST)).list.split(" ").slice(1).join("");
    expect(repeatedNames).toMatch(/^abcdef[a-f]+$/);
  });

  test("whose next page is gone, with a token to go on inconsistently", async () => {
    const { server, history } = world();
    for (const name of "abcd") history.create(configMap(name));
    const first = JSON.parse((await get(server, `${LIST}?limit=2`)).body);
    history.create(configMap("e"));
    history.compact(history.revision);
    const next = await get(server, `${LIST}?limit=2&continue=${first.metadata.continue}`);
    const refusal = JSON.parse(next.body);
    expect([next.status, refusal.reason]).toEqual([410, "Expired"]);
    expect((await get(server, `${LIST}?limit=2&continue=${refusal.metadata.continue}`)).list).toBe("6 c d");
  });
});

test("a watch that begins too early sends again what the client has", async () => {
  const { server, history, clock } = world({ faults: rewound(2) });
  for (const name of "abc") history.create(configMap(name));
  const seen = follow(server, `${WATCH}&resourceVersion=4`);
  await clock.advance(0);
  expect(seen).toEqual(["ADDED b@3", "ADDED c@4"]);
});

describe("discovery", () => {
  const CRD = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com" },
    spec: { group: "example.com", names: { plural: "widgets", kind: "Widget" }, versions: [{ name: "v1", served: true }] },
  };

  test("that is stale for a while", async () => {
    const { server, history, clock } = world((theClock) => ({ faults: staleDiscovery(theClock, 10_000) }));
    const knows = async (): Promise<boolean> =>
      (await bytesOf((await server.exchange({ url: "/apis" })).body)).includes("example.com");
    expect(await knows()).toBe(false);
    history.create(CRD);
    expect(await knows()).toBe(false);
    await clock.advance(10_000);
    expect(await knows()).toBe(true);
  });

  test("of a group whose server is away: marked stale, its resources 503, all others as ever", async () => {
    const unavailableGroups = new Set(["example.com"]);
    const { server, history } = world({ settings: { unavailableGroups } });
    history.create(CRD);
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    const { body } = await server.exchange({ url: "/apis", headers: { accept } });
    const groups: readonly { metadata: { name: string }; versions: readonly { freshness: string }[] }[] = JSON.parse(
      (await bytesOf(body)).toString(),
    ).items;
    const freshness = new Map(groups.map((group) => [group.metadata.name, group.versions[0]?.freshness]));
    expect([freshness.get("example.com"), freshness.get("apps")]).toEqual(["Stale", "Current"]);
    for (const url of ["/apis/example.com/v1", "/apis/example.com/v1/widgets"])
      expect((await server.exchange({ url })).status).toBe(503);
    expect((await server.exchange({ url: "/apis/apps/v1/deployments" })).status).toBe(200);
    unavailableGroups.clear();
    expect((await server.exchange({ url: "/apis/example.com/v1/widgets" })).status).toBe(200);
  });

  test("of a kind that is removed and made again: its watch ends, 404 in between, another ETag each time", async () => {
    const { server, history, clock } = world();
    const tag = async (): Promise<string | undefined> =>
      (
        await server.exchange({
          url: "/apis",
          headers: { accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList" },
        })
      ).headers["etag"];
    const without = await tag();
    history.create(CRD);
    history.create({ apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "w", namespace: "default" } });
    const path = "/apis/example.com/v1/namespaces/default/widgets";
    const seen = follow(server, `${path}?watch=true&resourceVersion=3`);
    await clock.advance(0);
    expect(await tag()).not.toBe(without);
    history.remove({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: "widgets.example.com" });
    await clock.advance(0);
    expect([seen, (await server.exchange({ url: path })).status, await tag()]).toEqual([["DELETED w@4", "end"], 404, without]);
    history.create(CRD);
    expect((await get(server, path)).list).toBe("6");
    const again = follow(server, `${path}?watch=true&resourceVersion=4`);
    await clock.advance(0);
    expect(again).toEqual(["ERROR 410", "end"]);
  });
});

describe("schedules", () => {
  async function statuses(
    faults: FaultHooks,
    clock: Parameters<typeof randomly>[0] & { advance(ms: number): Promise<void> },
    server: Parameters<typeof get>[0],
  ): Promise<number[]> {
    expect(faults.onRequest).toBeDefined();
    const seen: number[] = [];
    for (let at = 0; at < 200; at++) {
      seen.push((await server.exchange({ url: "/healthz" })).status);
      await clock.advance(100);
    }
    return seen;
  }

  test("by chance: a third of the requests, the same ones with the same seed", async () => {
    const run = async (): Promise<number[]> => {
      const box: { faults: FaultHooks } = { faults: {} };
      const { server, clock } = world((theClock) => ({ faults: (box.faults = randomly(theClock, 0.3, tooManyRequests())) }));
      return statuses(box.faults, clock, server);
    };
    const first = await run();
    expect(first.filter((status) => status === 429).length).toBeGreaterThan(40);
    expect(first.filter((status) => status === 429).length).toBeLessThan(80);
    expect(await run()).toEqual(first);
  });

  test("for a span, and on and off", async () => {
    const box: { faults: FaultHooks } = { faults: {} };
    const { server, clock } = world((theClock) => ({
      faults: (box.faults = compose(
        during(theClock, { fromMs: 500, toMs: 1_000 }, unauthorized()),
        toggling(theClock, { onMs: 5_000, offMs: 5_000 }, refuse(403, "Forbidden", "no")),
      )),
    }));
    const seen = await statuses(box.faults, clock, server);
    expect([seen.slice(0, 5), seen.slice(5, 10), seen.slice(10, 50)].map((part) => [...new Set(part)])).toEqual([
      [403],
      [401],
      [403],
    ]);
    expect([seen.slice(50, 100), seen.slice(100, 150), seen.slice(150)].map((part) => [...new Set(part)])).toEqual([
      [200],
      [403],
      [200],
    ]);
  });
});
