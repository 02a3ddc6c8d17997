import { describe, expect, test } from "vitest";
import { compose, type StreamFault, times, when } from "./faults.ts";
import { configMap, openServer, type TestServer } from "./test-server.cases.ts";

const WATCH = "/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=1";

describe("faults of a request", () => {
  test("an answer of one's own, as JSON or text", async () => {
    const faults = compose(
      times(1, { onRequest: () => ({ fault: "respond", status: 429, headers: { "retry-after": "5" }, body: "busy" }) }),
      times(1, { onRequest: () => ({ fault: "respond", status: 503, body: { kind: "Status" } }) }),
      times(1, { onRequest: () => ({ fault: "respond", status: 204 }) }),
    );
    const { get, server } = await openServer({ faults });
    const first = await get("/version");
    expect([first.status, first.text, first.headers.get("retry-after")]).toEqual([429, "busy", "5"]);
    expect(await get("/version")).toMatchObject({ status: 503, body: { kind: "Status" } });
    expect(await get("/version")).toMatchObject({ status: 204 });
    expect(await get("/version")).toMatchObject({ status: 200 });
    expect(server.requests.map((request) => request.status)).toEqual([429, 503, 204, 200]);
  });

  test("further headers, a delay", async () => {
    const { get, clock, server } = await openServer({
      faults: times(1, { onRequest: () => ({ fault: "headers", headers: { warning: '299 - "old"' } }) }),
    });
    expect((await get("/version")).headers.get("warning")).toBe('299 - "old"');
    const slow = await openServer({ clock, faults: { onRequest: () => ({ fault: "delay", ms: 5_000 }) } });
    const answer = slow.get("/version");
    while (slow.server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(slow.server.requests[0]?.status).toBeUndefined();
    await clock.advance(5_000);
    expect(await answer).toMatchObject({ status: 200 });
    expect(server.requests).toHaveLength(1);
  });

  test("an answer that breaks off", async () => {
    const faults = compose(
      times(1, { onRequest: () => ({ fault: "truncate", bytes: 20 }) }),
      times(1, { onRequest: () => ({ fault: "truncate", bytes: 20, how: "reset" }) }),
    );
    const { server, get } = await openServer({ faults });
    expect(await (await fetch(`${server.url}/api/v1/pods`)).text()).toBe('{"kind":"PodList","a');
    await expect(get("/api/v1/pods")).rejects.toThrow(/terminated|fetch failed/);
    expect(await get("/api/v1/pods")).toMatchObject({ status: 200, body: { kind: "PodList" } });
  });

  test("a reset, and silence until the client gives up", async () => {
    const hooks = when((request) => request.path === "/version", {
      onRequest: (request) => ({ fault: request.query.has("hang") ? "hang" : "reset" }),
    });
    const { get, server } = await openServer({ faults: hooks });
    await expect(get("/version")).rejects.toThrow("fetch failed");
    const abort = new AbortController();
    const hanging = fetch(`${server.url}/version?hang`, { signal: abort.signal });
    await expect.poll(() => server.requests.length).toBe(2);
    abort.abort();
    await expect(hanging).rejects.toThrow("aborted");
    expect(await get("/healthz")).toMatchObject({ status: 200 });
  });
});

describe("faults of a watch", () => {
  /**
   * What a watch shows whose second line suffers the fault, while three objects are created. It is read `count` times;
   * "silence" means that the stream was still open then and had nothing more to say.
   */
  async function suffer(fault: StreamFault, count: number): Promise<readonly string[]> {
    const { open, history, server } = await openServer({
      faults: { onWatchEvent: (item) => (item.index === 1 ? fault : undefined) },
    });
    const watch = await open(WATCH);
    for (const name of "abc") history.create(configMap(name));
    const seen: string[] = [];
    try {
      while (seen.length < count - 1) seen.push((await watch.change()) ?? "end");
      const isOpen = server.streams.length > 0;
      server.streams[0]?.end();
      seen.push((await watch.change()) ?? (isOpen ? "silence" : "end"));
    } catch (error) {
      seen.push(error instanceof SyntaxError ? "torn" : "broken");
    }
    return seen;
  }

  test.each<[StreamFault, readonly string[]]>([
    [{ fault: "end" }, ["ADDED a@2", "end"]],
    [{ fault: "cut" }, ["ADDED a@2", "torn"]],
    [{ fault: "cut", bytes: 1, how: "end" }, ["ADDED a@2", "torn"]],
    [{ fault: "drop" }, ["ADDED a@2", "ADDED c@4", "silence"]],
    [{ fault: "duplicate" }, ["ADDED a@2", "ADDED b@3", "ADDED b@3", "ADDED c@4", "silence"]],
    [{ fault: "stall" }, ["ADDED a@2", "silence"]],
    [{ fault: "delay", ms: 1_000 }, ["ADDED a@2", "silence"]],
    [{ fault: "replace", data: '{"type":"ODD"}\n' }, ["ADDED a@2", '{"type":"ODD"}', "ADDED c@4", "silence"]],
    [{ fault: "insert", data: '{"type":"ODD"}\n' }, ["ADDED a@2", '{"type":"ODD"}', "ADDED b@3", "ADDED c@4", "silence"]],
    [{ fault: "error", code: 500, reason: "InternalError", message: "boom" }, ["ADDED a@2", "ERROR 500 boom", "end"]],
  ])("%j", async (fault, expected) => {
    expect(await suffer(fault, expected.length)).toEqual(expected);
  });

  test.each<StreamFault>([{ fault: "reset" }, { fault: "cut", bytes: 10, how: "reset" }])(
    "%j breaks the connection",
    async (fault) => {
      // A reset may overtake what was sent before it, so that only the last thing seen is certain.
      expect(["torn", "broken"]).toContain((await suffer(fault, 9)).at(-1));
    },
  );

  test("a delayed line comes after the delay", async () => {
    const server = await openServer({ faults: { onWatchEvent: () => ({ fault: "delay", ms: 1_000 }) } });
    const watch = await server.open(WATCH);
    server.history.create(configMap("a"));
    while (server.server.streams.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await server.clock.advance(1_000);
    expect(await watch.change()).toBe("ADDED a@2");
  });

  test("a hook that throws looks like a crash", async () => {
    const hook = (): never => {
      throw new Error("bug in a hook");
    };
    const { open, history } = await openServer({ faults: { onWatchEvent: hook } });
    const watch = await open(WATCH);
    history.create(configMap("a"));
    await expect(watch.change()).rejects.toThrow("terminated");
  });
});

describe("streams from outside", () => {
  async function openOne(): Promise<{ readonly server: TestServer; readonly watch: Awaited<ReturnType<TestServer["open"]>> }> {
    const server = await openServer();
    server.history.create(configMap("a"));
    const watch = await server.open(WATCH);
    expect(await watch.change()).toBe("ADDED a@2");
    return { server, watch };
  }

  test("can be ended, reset and stalled", async () => {
    const ended = await openOne();
    ended.server.server.streams[0]?.end();
    expect(await ended.watch.change()).toBeUndefined();
    const broken = await openOne();
    broken.server.server.streams[0]?.reset();
    await expect(broken.watch.change()).rejects.toThrow("terminated");
    const stalled = await openOne();
    stalled.server.server.streams[0]?.stall();
    stalled.server.history.create(configMap("b"));
    stalled.server.server.streams[0]?.end();
    expect(await stalled.watch.change()).toBeUndefined();
  });
});

test("faults of a log chunk, and composition: the first answer decides", async () => {
  const faults = compose(
    {},
    when((request) => request.path.endsWith("/log"), {
      onLogChunk: () => ({ fault: "replace", data: "unable to retrieve container logs for containerd://1" }),
    }),
    { onLogChunk: () => ({ fault: "drop" }), onWatchEvent: () => undefined },
  );
  const { get, history, logs } = await openServer({ faults });
  history.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web" },
    spec: { nodeName: "n", containers: [{ name: "app" }] },
    status: { containerStatuses: [{ name: "app", state: { running: {} }, containerID: "containerd://1" }] },
  });
  logs.start({ podUid: "u", container: "app", restartCount: 0, containerId: "containerd://1" }).append("line", 0);
  expect((await get("/api/v1/namespaces/default/pods/web/log")).text).toBe(
    "unable to retrieve container logs for containerd://1",
  );
});
