import { describe, expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { roundRobin, startBalancer } from "./balancer.ts";
import { ClusterHistory } from "./history.ts";
import { type LocalApiServer, localApiServer } from "./local-server.ts";
import { rollingRestart } from "./rolling-restart.ts";
import { startApiServer } from "./server.ts";
import type { ServiceOptions } from "./service.ts";
import { EVENTS, follow, get, LIST, WATCH, world, type World } from "./test-local.cases.ts";
import { configMap, configMapRef } from "./test-server.cases.ts";

describe("a server that is behind", () => {
  test("by time: its watch and its lists of any version lag, consistent reads do not", async () => {
    const { server, history, clock } = world({ lag: { ms: 30_000 } });
    const seen = follow(server, `${WATCH}&resourceVersion=1`);
    history.create(configMap("a"));
    await clock.advance(29_999);
    expect(seen).toEqual([]);
    expect((await get(server, `${LIST}?resourceVersion=0`)).list).toBe("1");
    await clock.advance(1);
    expect(seen).toEqual(["ADDED a@2"]);
    history.update(configMap("a", "2"));
    const consistent = get(server, LIST);
    await clock.advance(3_000);
    expect((await consistent).list).toBe("3 a");
    expect((await get(server, `${LIST}?resourceVersion=0`)).list).toBe("2 a");
    expect((await get(server, `${LIST}/a`)).body).toContain('"resourceVersion":"3"');
    expect((await get(server, `${LIST}/a?resourceVersion=0`)).body).toContain('"resourceVersion":"2"');
  });

  test("by revisions, until it is told to catch up", async () => {
    const { server, history, clock } = world({ lag: { revisions: 2 } });
    const seen = follow(server, `${WATCH}&resourceVersion=1`);
    for (const name of "abc") history.create(configMap(name));
    await clock.advance(0);
    expect(seen).toEqual(["ADDED a@2"]);
    server.lag({});
    await clock.advance(0);
    expect(seen).toEqual(["ADDED a@2", "ADDED b@3", "ADDED c@4"]);
  });

  test("shows the state before the changes that it has not seen, deletions included", async () => {
    const { server, history } = world();
    history.create(configMap("a"));
    history.create(configMap("b"));
    server.lag({ ms: 10_000 });
    history.update(configMap("a", "2"));
    history.update(configMap("a", "3"));
    history.remove(configMapRef("b"));
    history.create(configMap("c"));
    const list = await get(server, `${LIST}?resourceVersion=0`);
    expect([list.list, JSON.parse(list.body).items[0].data.value]).toEqual(["3 a b", "1"]);
  });

  test("waits 3 s for a newer revision, then answers 504 ResourceVersionTooLarge", async () => {
    const { server, history, clock } = world({ lag: { ms: 4_000 } });
    history.create(configMap("a"));
    const early = get(server, `${LIST}?resourceVersion=2&resourceVersionMatch=NotOlderThan`);
    await clock.advance(3_000);
    const { status, headers, body } = await early;
    expect([status, headers["retry-after"]]).toEqual([504, "1"]);
    expect(JSON.parse(body)).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: "Timeout: Too large resource version: 2, current: 1",
      reason: "Timeout",
      details: {
        causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
        retryAfterSeconds: 1,
      },
      code: 504,
    });
    const late = get(server, `${LIST}?resourceVersion=2&resourceVersionMatch=NotOlderThan`);
    await clock.advance(1_000);
    expect((await late).list).toBe("2 a");
  });

  test("says inside the stream that the initial events cannot be sent", async () => {
    const { server, clock } = world();
    const seen = follow(server, `${WATCH}&resourceVersion=9&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`);
    await clock.advance(3_000);
    expect(seen).toEqual(["ERROR 504", "end"]);
  });

  test("reads of a single key and of Events are etcd's own: a revision to come is refused at once, without a time", async () => {
    const { server } = world();
    const query = "resourceVersion=9&resourceVersionMatch=Exact";
    for (const url of [`${LIST}?${query}&fieldSelector=metadata.name=a`, `/api/v1/namespaces/default/events?${query}`]) {
      const { status, headers } = await get(server, url);
      expect([status, headers["retry-after"]]).toEqual([504, undefined]);
    }
  });

  test("a deletion that the cache misses stays hidden until the server starts again", async () => {
    const { server, history, clock } = world({ misses: (version) => version.change === "DELETED" });
    history.create(configMap("a"));
    const seen = follow(server, `${WATCH}&resourceVersion=2`);
    history.remove(configMapRef("a"));
    history.create(configMap("b"));
    await clock.advance(0);
    expect(seen).toEqual(["ADDED b@4"]);
    expect((await get(server, LIST)).list).toBe("4 a b");
    await server.start();
    expect((await get(server, LIST)).list).toBe("4 b");
  });
});

describe("a server that ends and starts", () => {
  test("in order: watches end cleanly, then 429 as text, then refusal", async () => {
    const { server, clock } = world();
    const seen = follow(server, `${WATCH}&resourceVersion=1`);
    await clock.advance(0);
    server.shutDown(5_000);
    await clock.advance(0);
    expect([seen, server.state]).toEqual([["end"], "draining"]);
    const refused = await get(server, LIST);
    expect([refused.status, refused.headers["retry-after"], refused.headers["content-type"]]).toEqual([
      429,
      "5",
      "text/plain; charset=utf-8",
    ]);
    expect(refused.body).toBe("The apiserver is shutting down, please try again later.\n");
    await clock.advance(5_000);
    await expect(get(server, LIST)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("killed: every connection is reset", async () => {
    const { server, clock } = world();
    const seen = follow(server, `${WATCH}&resourceVersion=1`);
    await clock.advance(0);
    await server.kill();
    await clock.advance(0);
    expect([seen, server.state]).toEqual([["ECONNRESET"], "down"]);
    await expect(get(server, LIST)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("started again, a watch from before is too old, and one of Events goes to etcd", async () => {
    const { server, history, clock } = world();
    history.create({ apiVersion: "v1", kind: "Event", metadata: { name: "e", namespace: "default" } });
    history.create(configMap("a"));
    await server.kill();
    await server.start();
    const old = follow(server, `${WATCH}&resourceVersion=2`);
    const events = follow(server, `${EVENTS}&resourceVersion=1`);
    const now = follow(server, `${WATCH}&resourceVersion=3`);
    history.create(configMap("b"));
    await clock.advance(0);
    expect([old, events, now]).toEqual([["ERROR 410", "end"], ["ADDED e@2"], ["ADDED b@4"]]);
  });

  test("until its cache is filled it answers 429 with a time that grows; etcd's own reads go on", async () => {
    const { server, history, clock } = world();
    history.create(configMap("a"));
    await server.kill();
    await server.start(60_000);
    const waits: (string | undefined)[] = [];
    for (const at of [0, 10_000, 20_000, 20_000]) {
      await clock.advance(at);
      const { status, headers, body } = await get(server, LIST);
      expect([status, JSON.parse(body).message]).toEqual([429, "storage is (re)initializing"]);
      waits.push(headers["retry-after"]);
    }
    expect(waits).toEqual(["1", "1", "6", "20"]);
    expect((await get(server, `${LIST}/a`)).status).toBe(200);
    expect((await get(server, `${LIST}?limit=5`)).status).toBe(200);
    expect((await get(server, "/api/v1/namespaces/default/events")).status).toBe(200);
    await clock.advance(10_000);
    expect((await get(server, LIST)).list).toBe("2 a");
  });

  test("over sockets: killed, refused, and back on the same port", async () => {
    const history = new ClusterHistory();
    const server = await startApiServer({ history });
    onTestFinished(() => server.close());
    const watch = await fetch(`${server.url}${WATCH}&resourceVersion=1`);
    await server.kill();
    await expect(watch.text()).rejects.toThrow("terminated");
    await expect(fetch(`${server.url}${LIST}`)).rejects.toThrow("fetch failed");
    await server.start();
    expect((await fetch(`${server.url}${LIST}`)).status).toBe(200);
  });
});

describe("several servers", () => {
  function three(): {
    readonly clock: VirtualClock;
    readonly history: ClusterHistory;
    readonly servers: readonly LocalApiServer[];
  } {
    const clock = new VirtualClock();
    const history = new ClusterHistory({ clock });
    const servers = [0, 10_000, 20_000].map((ms) => localApiServer({ history, clock, lag: { ms } }));
    onTestFinished(() => servers.forEach((server) => server.close()));
    return { clock, history, servers };
  }

  test("behind a balancer that goes round, reads of any version go back in time", async () => {
    const { history, clock, servers } = three();
    const balancer = roundRobin(servers);
    history.create(configMap("a"));
    await clock.advance(10_000);
    history.create(configMap("b"));
    const seen: string[] = [];
    for (let at = 0; at < 4; at++) seen.push((await get(balancer, `${LIST}?resourceVersion=0`)).list);
    expect(seen).toEqual(["3 a b", "2 a", "1", "3 a b"]);
  });

  test("restarted one after the other, with and without checks of their health", async () => {
    const { clock, servers } = three();
    const [blind, checking] = [roundRobin(servers), roundRobin(servers, { checksHealth: true })];
    const done = rollingRestart(servers, { clock, drainMs: 1_000, downMs: 4_000, initialisingMs: 500, pauseMs: 10_000 });
    const states: string[] = [];
    for (const ms of [0, 1_000, 4_000, 500, 10_000, 1_000]) {
      await clock.advance(ms);
      states.push(servers.map((server) => server.state[0]).join(""));
    }
    expect(states).toEqual(["drr", "drr", "irr", "rrr", "rdr", "rdr"]);
    const outcomes: (string | number)[] = [];
    for (let at = 0; at < 3; at++)
      outcomes.push(
        await get(blind, "/healthz").then(
          ({ status }) => status,
          (error) => error.code,
        ),
      );
    expect(outcomes).toEqual([200, "ECONNREFUSED", 200]);
    for (let at = 0; at < 3; at++) expect((await get(checking, "/healthz")).status).toBe(200);
    await clock.advance(30_000);
    await done;
    expect(servers.map((server) => server.state)).toEqual(["ready", "ready", "ready"]);
  });

  test("over sockets each connection goes to the next", async () => {
    const histories = [new ClusterHistory(), new ClusterHistory()];
    const servers = await Promise.all(histories.map((history) => startApiServer({ history })));
    const balancer = await startBalancer(servers);
    onTestFinished(async () => {
      await balancer.close();
      for (const server of servers) await server.close();
    });
    for (let at = 0; at < 4; at++)
      await fetch(`${balancer.url}/version`, { headers: { connection: "close" } }).then((answer) => answer.text());
    expect(servers.map((server) => server.requests.length)).toEqual([2, 2]);
  });
});

describe("a restored etcd", () => {
  async function restored(options: Partial<ServiceOptions> = {}): Promise<World & { readonly seen: readonly string[] }> {
    const all = world(options);
    for (const name of "abc") all.history.create(configMap(name));
    const seen = follow(all.server, `${WATCH}&resourceVersion=4`);
    await all.clock.advance(0);
    all.history.restore(2);
    return { ...all, seen };
  }

  test("has an earlier revision and the objects of then; watches end", async () => {
    const { server, history, clock, seen } = await restored();
    await clock.advance(0);
    expect(seen).toEqual(["end"]);
    expect([history.revision, (await get(server, LIST)).list]).toEqual([2, "2 a"]);
    expect(history.create(configMap("d")).revision).toBe(3);
  });

  test("mute: a watch from a revision of before is accepted, and hears nothing until the counter is past it", async () => {
    const { server, history, clock } = await restored();
    const seen = follow(server, `${WATCH}&resourceVersion=4`);
    await clock.advance(0);
    history.create(configMap("d"));
    history.create(configMap("e"));
    await clock.advance(180_000);
    expect(seen).toEqual([]);
    history.create(configMap("f"));
    await clock.advance(0);
    expect(seen).toEqual(["ADDED f@5"]);
  });

  test("not mute: such a watch shows revisions that go back", async () => {
    const { server, history, clock } = await restored({ settings: { futureWatch: "forwards" } });
    const seen = follow(server, `${WATCH}&resourceVersion=4`);
    await clock.advance(0);
    history.create(configMap("d"));
    await clock.advance(60_000);
    expect(seen).toEqual(["ADDED d@3", "BOOKMARK -@3"]);
  });

  test("a probe for the old revision tells", async () => {
    const { server, clock } = await restored();
    const probe = get(server, `${LIST}?resourceVersion=4&resourceVersionMatch=NotOlderThan`);
    await clock.advance(3_000);
    expect((await probe).status).toBe(504);
  });

  test("custom kinds are those of then", () => {
    const { history } = world();
    history.create({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "widgets.example.com" },
      spec: { group: "example.com", names: { plural: "widgets", kind: "Widget" }, versions: [{ name: "v1", served: true }] },
    });
    history.restore(1);
    expect(history.resources.byKind("example.com/v1", "Widget")).toBeUndefined();
    expect(() => history.restore(2)).toThrow("cannot be restored");
  });
});
