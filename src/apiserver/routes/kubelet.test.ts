import { describe, expect, test } from "vitest";
import type { ContainerLogs, LogFile } from "../logs.ts";
import { logTime } from "../logs.ts";
import type { KubeObject } from "../kube-object.ts";
import type { LocalApiServer } from "../local-server.ts";
import type { ServiceOptions } from "../service.ts";
import { bytesOf, world, type World } from "../test-local.cases.ts";

const POD = { apiVersion: "v1", kind: "Pod", namespace: "default", name: "web" };
const LOG = "/api/v1/namespaces/default/pods/web/log";
const T0 = Date.UTC(2026, 0, 1);

/** A pod on `node-1` whose container runs as `containerd://1`, with its file. */
function running(options: Partial<ServiceOptions> = {}): World & { readonly file: LogFile } {
  const all = world(options);
  all.history.create(pod("1"));
  return { ...all, file: start(all.logs, 1) };
}

function pod(id: string, last?: string): KubeObject {
  const lastState = last === undefined ? {} : { lastState: { terminated: { containerID: `containerd://${last}` } } };
  const own = { name: "app", state: { running: {} }, containerID: `containerd://${id}`, ...lastState };
  const { apiVersion, kind, name, namespace } = POD;
  const spec = { nodeName: "node-1", containers: [{ name: "app" }] };
  return { apiVersion, kind, metadata: { name, namespace }, spec, status: { containerStatuses: [own] } };
}

function start(logs: ContainerLogs, id: number): LogFile {
  return logs.start({ podUid: `u${id}`, container: "app", restartCount: id - 1, containerId: `containerd://${id}` });
}

async function read(server: LocalApiServer, query = ""): Promise<string> {
  return (await bytesOf((await server.exchange({ url: `${LOG}?${query}` })).body)).toString("utf8");
}

/** What a follower has got so far; `<end>` when it is over. */
function follow(server: LocalApiServer, query = ""): { text: string } {
  const seen = { text: "" };
  const go = async (): Promise<void> => {
    const { body } = await server.exchange({ url: `${LOG}?follow=true&${query}` });
    for await (const chunk of body) seen.text += chunk.toString("utf8");
    seen.text += "<end>";
  };
  void go();
  return seen;
}

describe("rotation", () => {
  test("between renaming and reopening: followers read on, others are told in the body that there is no file", async () => {
    const { server, file, clock } = running();
    const seen = follow(server);
    await clock.advance(0);
    file.append("one", T0);
    file.rename();
    file.append("two", T0);
    await clock.advance(2_000);
    expect(seen.text).toBe("one\ntwo\n");
    const path = "/var/log/pods/default_web_u1/app/0.log";
    expect(await read(server)).toBe(
      `failed to try resolving symlinks in path "${path}": lstat ${path}: no such file or directory`,
    );
    file.reopen();
    file.append("three", T0);
    await clock.advance(0);
    expect([seen.text, await read(server)]).toEqual(["one\ntwo\nthree\n", "three\n"]);
  });

  test("a follower that is held up reads the old file to its end, then the newest at each rotation", async () => {
    const { server, file, clock } = running();
    const seen = follow(server);
    await clock.advance(0);
    file.append("one", T0);
    for (const line of ["two", "three", "four"]) {
      file.append(line, T0);
      if (line !== "four") file.rotate();
    }
    await clock.advance(0);
    expect(seen.text).toBe("one\ntwo\nfour\nfour\n");
    expect(file.written.map((entry) => entry.content.toString())).toEqual(["one", "two", "three", "four"]);
  });

  test("a follower that is held up until the container has ended does not look for another file", async () => {
    const { server, file, clock } = running();
    const seen = follow(server);
    await clock.advance(0);
    file.append("one", T0);
    file.rotate();
    file.append("two", T0);
    file.end();
    await clock.advance(0);
    expect(seen.text).toBe("one\n<end>");
    expect(await read(server)).toBe("two\n");
  });

  test("twice while nobody reads: only the newest file can be read", async () => {
    const { server, file } = running();
    for (const line of ["one", "two", "three"]) {
      file.append(line, T0);
      if (line !== "three") file.rotate();
    }
    expect(await read(server, "sinceTime=2026-01-01T00:00:00Z")).toBe("three\n");
  });
});

describe("instances", () => {
  test("a restart: the new file, and the old one as previous", async () => {
    const { server, history, logs, file } = running();
    file.append("old", T0);
    file.end();
    start(logs, 2).append("new", T0);
    history.update(pod("2", "1"));
    expect([await read(server), await read(server, "previous=true")]).toEqual(["new\n", "old\n"]);
  });

  test("a log request may be answered with another instance", async () => {
    const { server, history, logs, file } = running({ faults: { onLogInstance: () => "containerd://1" } });
    file.append("old", T0);
    start(logs, 2).append("new", T0);
    history.update(pod("2", "1"));
    expect(await read(server)).toBe("old\n");
  });

  test("a pod made again under its name: the log of the new one", async () => {
    const { server, history, logs, file } = running();
    file.append("of the first pod", T0);
    history.remove(POD);
    history.create(pod("2"));
    start(logs, 2).append("of the second pod", T0);
    expect(await read(server)).toBe("of the second pod\n");
  });
});

describe("failures", () => {
  test("a text instead of the lines, behind them, and never again", async () => {
    const { server, file, clock } = running();
    file.append("line", T0);
    file.fail({ text: "unable to retrieve container logs for containerd://1", where: "instead" });
    expect(await read(server)).toBe("unable to retrieve container logs for containerd://1");
    file.fail({ text: "rpc error: code = NotFound", where: "behind" });
    const seen = follow(server);
    await clock.advance(0);
    expect(seen.text).toBe("line\nrpc error: code = NotFound<end>");
    file.fail();
    expect(await read(server)).toBe("line\n");
  });

  test("no more inotify instances: the lines so far, then the reason; a place that is given back can be taken", async () => {
    const { server, file, logs, clock } = running();
    logs.limitFollowers(1);
    file.append("line", T0);
    const [first, second] = [follow(server), follow(server)];
    await clock.advance(0);
    expect([first.text, second.text]).toEqual(["line\n", "line\nfailed to create fsnotify watcher: too many open files<end>"]);
    server.streams[0]?.end();
    await clock.advance(0);
    const third = follow(server);
    await clock.advance(0);
    expect(third.text).toBe("line\n");
  });

  test.each([
    [
      "refused",
      500,
      'Get "https://node-1:10250/containerLogs/default/web/app": dial tcp node-1:10250: connect: connection refused',
    ],
    ["timeout", 500, 'Get "https://node-1:10250/containerLogs/default/web/app": dial tcp node-1:10250: i/o timeout'],
    ["bad-gateway", 502, expect.stringContaining("502 Bad Gateway")],
    ["gateway-timeout", 504, expect.stringContaining("504 Gateway Timeout")],
  ] as const)(
    "a node that is lost (%s): its streams end, requests are refused until it is back",
    async (failure, code, message) => {
      const { server, logs, file, clock } = running();
      file.append("line", T0);
      const seen = follow(server);
      await clock.advance(0);
      logs.loseNode("node-1", failure);
      await clock.advance(0);
      expect(seen.text).toBe("line\n<end>");
      const { status, body } = await server.exchange({ url: LOG });
      expect([status, JSON.parse((await bytesOf(body)).toString("utf8"))]).toMatchObject([code, { message, code }]);
      logs.findNode("node-1");
      expect(await read(server)).toBe("line\n");
    },
  );

  test("a stream is cut after four hours, cleanly, and a silent one is left alone until then", async () => {
    const { server, file, clock } = running();
    const seen = follow(server);
    await clock.advance(4 * 3_600_000 - 1);
    file.append("after a long silence", T0);
    await clock.advance(0);
    expect(seen.text).toBe("after a long silence\n");
    await clock.advance(1);
    expect(seen.text).toBe("after a long silence\n<end>");
  });
});

describe("times", () => {
  test.each([
    [{}, "2026-01-01T00:00:00.120000345Z"],
    [{ digits: 3 }, "2026-01-01T00:00:00.120Z"],
    [{ digits: 3, trimsZeros: true }, "2026-01-01T00:00:00.12Z"],
    [{ digits: 0 }, "2026-01-01T00:00:00Z"],
    [{ offsetMinutes: 420 }, "2026-01-01T07:00:00.120000345+07:00"],
    [{ offsetMinutes: -210, digits: 6 }, "2025-12-31T20:30:00.120000-03:30"],
  ])("as a node writes them: %j", (format, expected) => {
    expect(logTime(T0 + 120, format, 345)).toBe(expected);
  });

  test("that go back and zones that change are kept as they are, and since compares instants", async () => {
    const { server, file } = running();
    file.append("one", logTime(T0 + 5_000));
    file.append("two", logTime(T0 + 2_000));
    file.append("three", logTime(T0 + 6_000, { offsetMinutes: 120 }));
    expect(await read(server, "timestamps=true")).toBe(
      "2026-01-01T00:00:05.000000000Z one\n2026-01-01T00:00:02.000000000Z two\n2026-01-01T02:00:06.000000000+02:00 three\n",
    );
    expect(await read(server, "sinceTime=2026-01-01T00:00:05.900Z")).toBe("one\nthree\n");
  });

  test("since cuts to the second and includes it: five thousand equal lines come again", async () => {
    const { server, file } = running();
    for (let at = 0; at < 5_000; at++) file.append("same", logTime(T0 + 999));
    expect((await read(server, "sinceTime=2026-01-01T00:00:00.999Z")).split("\n")).toHaveLength(5_001);
  });

  test("a piece of stdout and a whole line of stderr come glued together, with one time", async () => {
    const { server, file } = running();
    file.append("half", T0, { partial: true });
    file.append("error", T0 + 1, { stream: "stderr" });
    file.append(" line", T0 + 2);
    expect(await read(server, "timestamps=true")).toBe(
      "2026-01-01T00:00:00.000000000Z halferror\n2026-01-01T00:00:00.002000000Z  line\n",
    );
  });

  test("old kubelets put one before every piece, in the middle of a line", async () => {
    const { server, file } = running({ settings: { timestampPerPiece: true } });
    file.append("half", T0, { partial: true });
    file.append(" line", T0 + 1_000);
    expect(await read(server, "timestamps=true")).toBe(
      "2026-01-01T00:00:00.000000000Z half2026-01-01T00:00:01.000000000Z  line\n",
    );
  });
});
