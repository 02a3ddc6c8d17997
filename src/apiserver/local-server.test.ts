import { describe, expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { ClusterHistory } from "./history.ts";
import { localApiServer } from "./local-server.ts";
import type { LocalResponse } from "./local-sink.ts";
import type { ServiceOptions } from "./service.ts";
import { configMap, configMapRef } from "./test-server.cases.ts";

const LIST = "/api/v1/namespaces/default/configmaps";
const WATCH = `${LIST}?watch=true&resourceVersion=1`;

interface Local {
  readonly clock: VirtualClock;
  readonly history: ClusterHistory;
  readonly server: ReturnType<typeof localApiServer>;
}

function open(options: Partial<ServiceOptions> = {}, seed = 1): Local {
  const clock = new VirtualClock(undefined, seed);
  const history = new ClusterHistory({ clock });
  return { clock, history, server: localApiServer({ history, clock, ...options }) };
}

async function textOf(response: LocalResponse): Promise<string> {
  let text = "";
  for await (const chunk of response.body) text += chunk.toString("utf8");
  return text;
}

describe("a server in the same process", () => {
  test("answers as the one with sockets does, with a path or a whole address", async () => {
    const { server, history } = open();
    history.create(configMap("a"));
    const response = await server.exchange({ url: `http://anything:1${LIST}` });
    expect([response.status, response.headers["content-type"]]).toEqual([200, "application/json"]);
    expect(JSON.parse(await textOf(response))).toMatchObject({ kind: "ConfigMapList", items: [{ metadata: { name: "a" } }] });
    expect(server.requests).toMatchObject([{ method: "GET", url: LIST, status: 200 }]);
  });

  test("refuses everything but reading", async () => {
    const { server } = open();
    expect(await server.exchange({ url: LIST, method: "POST" })).toMatchObject({ status: 405 });
  });

  test("streams changes as they happen, without the clock or the operating system", async () => {
    const { server, history, clock } = open();
    const { body } = await server.exchange({ url: WATCH });
    const chunks = body[Symbol.asyncIterator]();
    const first = chunks.next();
    history.create(configMap("a"));
    expect(JSON.parse(String((await first).value))).toMatchObject({ type: "ADDED" });
    history.remove(configMapRef("a"));
    expect(JSON.parse(String((await chunks.next()).value))).toMatchObject({ type: "DELETED" });
    server.streams[0]?.end();
    expect(await chunks.next()).toMatchObject({ done: true });
    await clock.advance(0);
    expect(server.streams).toHaveLength(0);
  });

  test("an abort ends an exchange that waits for headers, and one that reads, with its reason", async () => {
    const reason = new Error("enough");
    const early = new AbortController();
    const waiting = open({ faults: { onRequest: () => ({ fault: "hang" }) } }).server.exchange({
      url: "/",
      signal: early.signal,
    });
    early.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(open().server.exchange({ url: "/", signal: early.signal })).rejects.toBe(reason);
    const late = new AbortController();
    const { server } = open();
    const reading = textOf(await server.exchange({ url: WATCH, signal: late.signal }));
    late.abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect(server.streams).toHaveLength(0);
  });

  test("leaving the loop closes the connection", async () => {
    const { server, history } = open();
    history.create(configMap("a"));
    const { body } = await server.exchange({ url: WATCH });
    for await (const chunk of body) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await server.exchange({ url: "/version" });
    expect(server.streams).toHaveLength(0);
  });

  test("a reader that does not read holds the stream back, and nothing is lost", async () => {
    const { server, history } = open();
    const { body } = await server.exchange({ url: WATCH });
    for (let at = 0; at < 20; at++) history.create({ ...configMap(`n${at}`), data: { large: "x".repeat(20_000) } });
    const names: string[] = [];
    for await (const chunk of body) {
      names.push(JSON.parse(chunk.toString("utf8")).object.metadata.name);
      if (names.length === 20) break;
    }
    expect(names).toEqual(Array.from({ length: 20 }, (_, at) => `n${at}`));
  });

  test("closing ends streams cleanly, breaks what hangs, and refuses the rest", async () => {
    const { server } = open({ faults: { onRequest: ({ path }) => (path === "/hang" ? { fault: "hang" } : undefined) } });
    const reading = textOf(await server.exchange({ url: WATCH }));
    const hanging = server.exchange({ url: "/hang" });
    server.close();
    expect(await reading).toBe("");
    await expect(hanging).rejects.toMatchObject({ code: "UND_ERR_SOCKET" });
    await expect(server.exchange({ url: "/version" })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("a hook that throws looks like a crash", async () => {
    const hook = (): never => {
      throw new Error("bug in a hook");
    };
    await expect(open({ faults: { onRequest: hook } }).server.exchange({ url: "/" })).rejects.toMatchObject({
      code: "ECONNRESET",
    });
  });
});

/** What two readers and a random workload see, chunk by chunk with its time. */
async function play(seed: number): Promise<string> {
  const { clock, history, server } = open(
    {
      faults: {
        onTransport: () => [
          { fault: "rechunk", least: 1, most: 300 },
          { fault: "latency", ms: 5 },
        ],
        onWatchEvent: () => (clock.random() < 0.05 ? { fault: "reset" } : undefined),
      },
    },
    seed,
  );
  const seen: string[] = [];
  const read = async (reader: number): Promise<void> => {
    try {
      const { body } = await server.exchange({ url: `${WATCH}&allowWatchBookmarks=true` });
      for await (const chunk of body) seen.push(`${reader} ${clock.now()} ${chunk.toString("utf8")}`);
    } catch (error) {
      seen.push(`${reader} ${clock.now()} ${String(error)}`);
    }
  };
  const readers = [read(0), read(1)];
  for (let at = 0; at < 20; at++) {
    history.create(configMap(`n${Math.floor(clock.random() * 1e9)}`));
    await clock.advance(Math.floor(clock.random() * 10_000));
  }
  server.close();
  await clock.advance(10);
  await Promise.all(readers);
  return seen.join("\n");
}

test("the same seed gives the same bytes at the same times, another seed others", async () => {
  const first = await play(7);
  expect(await play(7)).toBe(first);
  expect(first.length).toBeGreaterThan(1_000);
  expect(await play(8)).not.toBe(first);
});
