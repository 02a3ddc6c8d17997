import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../base/index.ts";
import type { ApiClient } from "../../cluster/index.ts";
import { type Answer, ScriptedClient } from "../../../test/support/scripted-client.ts";
import { ContainerLog } from "./container-log.ts";
import type { ContainerSight, InstanceSight } from "./instances.ts";
import type { LogItem } from "./log-item.ts";
import type { ContainerLogOptions } from "./reading.ts";
import { LogSlots } from "./slots.ts";

const isLog = (path: string): boolean => path.endsWith("/log");
const POD = { body: '{"kind":"PartialObjectMetadata","metadata":{"name":"web-0","uid":"pod-1"}}' };
const notFound = (message: string): Answer => ({
  failure: { kind: "http", status: 404, reason: "NotFound", message, causes: [] },
});
const badRequest = (message: string): Answer => ({
  failure: { kind: "http", status: 400, reason: "BadRequest", message, causes: [] },
});

function at(second: number, text: string): string {
  return `2026-01-01T12:00:${String(second).padStart(2, "0")}.000000001Z ${text}\n`;
}

function sight(restartCount: number, times: { ended?: boolean; startedAt?: number; finishedAt?: number } = {}): InstanceSight {
  const time = (second: number | undefined): string | undefined =>
    second === undefined ? undefined : `2026-01-01T12:00:${String(second).padStart(2, "0")}Z`;
  return {
    containerId: `containerd://${restartCount}`,
    restartCount,
    ended: times.ended ?? false,
    startedAt: time(times.startedAt),
    finishedAt: time(times.finishedAt),
  };
}

function shows(current: InstanceSight | undefined, last?: InstanceSight): ContainerSight {
  return { container: "app", kind: "app", current, last };
}

interface Follower {
  readonly log: ContainerLog;
  readonly items: LogItem[];
  readonly clock: VirtualClock;
  readonly slots: LogSlots;
  end(): Promise<void>;
}

function follow(client: ApiClient, options: Partial<ContainerLogOptions> = {}): Follower {
  const clock = options.clock instanceof VirtualClock ? options.clock : new VirtualClock();
  const slots = options.slots ?? new LogSlots(50, () => clock.monotonic());
  const stop = new AbortController();
  const items: LogItem[] = [];
  const of: ContainerLogOptions = {
    client: client instanceof ScriptedClient ? client.always(POD, (path, call) => call === "read" && !isLog(path)) : client,
    clock,
    slots,
    namespace: "shop",
    pod: "web-0",
    podUid: "pod-1",
    container: "app",
    kind: "app",
    recorded: new Map(),
    ...options,
  };
  const log = new ContainerLog(of, (item) => void items.push(item));
  const done = log.follow(stop.signal);
  return {
    log,
    items,
    clock,
    slots,
    end: async () => {
      stop.abort(new Error("the test is over"));
      await done;
    },
  };
}

/** Lines by the container instance that their stream is bound to at the end. */
function byInstance(items: readonly LogItem[]): Record<string, string[]> {
  const bound = new Map<string, string>();
  for (const item of items) if (item.item === "stream-bound") bound.set(item.stream, item.instance.containerId);
  const lines: Record<string, string[]> = {};
  for (const item of items) {
    if (item.item !== "lines") continue;
    (lines[bound.get(item.stream) ?? "unbound"] ??= []).push(...[...item.lines].map((line) => line.toString().slice(31)));
  }
  return lines;
}

const ends = (items: readonly LogItem[]): string[] =>
  items.flatMap((item) =>
    item.item === "stream-ended" ? [`${item.stream} ${item.outcome}: ${item.reason} (${item.lines})`] : [],
  );
const gaps = (items: readonly LogItem[]): string[] =>
  items.flatMap((item) => (item.item === "log-gap" ? [`${item.cause}: ${item.detail}`] : []));
const logQueries = (client: ScriptedClient): unknown[] =>
  client.asked.filter(({ request }) => isLog(request.path)).map(({ request }) => request.query);

describe("one instance", () => {
  test("is followed from its first byte to its end", async () => {
    const client = new ScriptedClient().next({ chunks: [at(1, "one"), at(2, "two")] }, isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0)), false);
    await clock.advance(10);
    log.see(shows(sight(0, { ended: true })), false);
    client.always({ chunks: [at(1, "one"), at(2, "two")] }, isLog);
    await clock.advance(5_000);
    expect(byInstance(items)).toEqual({ "containerd://0": ["one", "two"] });
    expect(ends(items)).toEqual(["pod-1/app/0 complete: container ended (2)"]);
    expect(logQueries(client)[0]).toEqual({
      container: "app",
      follow: true,
      previous: undefined,
      timestamps: true,
      sinceTime: undefined,
    });
    await end();
  });

  test("that was never seen running still gives its log", async () => {
    const client = new ScriptedClient().always({ chunks: [at(1, "gone in a moment")] }, isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0, { ended: true })), false);
    await clock.advance(10);
    expect(byInstance(items)).toEqual({ "containerd://0": ["gone in a moment"] });
    expect(ends(items)).toEqual(["pod-1/app/0 complete: container ended (1)"]);
    await end();
  });

  test("a clean end of a running container is a cut: it goes on without loss or repetition", async () => {
    const client = new ScriptedClient()
      .next({ chunks: [at(1, "one"), at(5, "two")] }, isLog)
      .next({ chunks: [at(5, "two"), at(6, "three")], after: "hold" }, isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0)), false);
    await clock.advance(10_000);
    expect(byInstance(items)).toEqual({ "containerd://0": ["one", "two", "three"] });
    expect(logQueries(client)[1]).toMatchObject({ sinceTime: "2026-01-01T12:00:03Z", follow: true });
    await end();
  });

  test("a fragment of a broken connection is not a line; one at the container's end is", async () => {
    const half = at(2, "two").slice(0, -4);
    const client = new ScriptedClient()
      .next({ chunks: [at(1, "one"), half], after: { kind: "network", code: "ECONNRESET", message: "reset" } }, isLog)
      .always({ chunks: [at(1, "one"), at(2, "two"), "2026-01-01T12:00:03.5Z no newline"] }, isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0, { ended: true })), false);
    await clock.advance(30_000);
    expect(byInstance(items)["containerd://0"]?.slice(0, 2)).toEqual(["one", "two"]);
    expect(items.filter((item) => item.item === "lines" && item.unterminated)).toHaveLength(1);
    await end();
  });

  test("the kubelet's own error in the body is no line and does not end the log", async () => {
    const client = new ScriptedClient()
      .next({ chunks: [at(1, "one"), "unable to retrieve container logs for containerd://0\n"] }, isLog)
      .next({ chunks: [at(1, "one"), at(2, "unable to retrieve container logs for containerd://0")], after: "hold" }, isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0)), false);
    await clock.advance(30_000);
    expect(byInstance(items)).toEqual({ "containerd://0": ["one", "unable to retrieve container logs for containerd://0"] });
    await end();
  });

  test("waits while the container is being created", async () => {
    const waiting = badRequest('container "app" in pod "web-0" is waiting to start: ContainerCreating');
    const client = new ScriptedClient()
      .next(waiting, isLog)
      .next(waiting, isLog)
      .next({ chunks: [at(1, "up")], after: "hold" }, isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0)), false);
    await clock.advance(10_000);
    expect(byInstance(items)).toEqual({ "containerd://0": ["up"] });
    expect(gaps(items)).toEqual([]);
    await end();
  });

  test("a log that is gone with its pod is a gap with the reason, and the stream ends incomplete", async () => {
    const client = new ScriptedClient().next(notFound('pods "web-0" not found'), isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0, { startedAt: 1, ended: true, finishedAt: 2 })), true);
    await clock.advance(100);
    expect(ends(items)).toEqual(['pod-1/app/0 incomplete: NotFound (404): pods "web-0" not found (0)']);
    expect(gaps(items)).toEqual(['log-unavailable: log of app (containerd://0): NotFound (404): pods "web-0" not found']);
    await end();
  });

  test("the log of another pod of the same name is not taken", async () => {
    const other = { body: '{"kind":"PartialObjectMetadata","metadata":{"name":"web-0","uid":"pod-2"}}' };
    const client = new ScriptedClient().next({ chunks: [at(1, "from the new pod")] }, isLog).next(other, (path) => !isLog(path));
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0)), false);
    await clock.advance(100);
    expect(byInstance(items)).toEqual({});
    expect(gaps(items)).toEqual(["log-unavailable: log of app (containerd://0): another pod has the name"]);
    await end();
  });
});

describe("restarts", () => {
  const previous = (query: unknown): boolean =>
    typeof query === "object" && query !== null && Reflect.get(query, "previous") === true;
  /** Answers `previous` and current requests from two files, as the kubelet does. */
  function kubelet(files: { previous: readonly string[] | undefined; current: readonly string[] }): ScriptedClient {
    return new ScriptedClient().always((request) => {
      if (!previous(request.query)) return { chunks: files.current, after: "hold" };
      return files.previous === undefined ? badRequest("previous terminated container not found") : { chunks: files.previous };
    }, isLog);
  }

  test("an instance that ended before anybody looked is read as the previous one", async () => {
    const client = kubelet({ previous: [at(1, "crash")], current: [at(5, "again")] });
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(1, { startedAt: 5 }), sight(0, { ended: true, startedAt: 1, finishedAt: 1 })), false);
    await clock.advance(100);
    expect(byInstance(items)).toEqual({ "containerd://0": ["crash"], "containerd://1": ["again"] });
    await end();
  });

  test("each instance's lines are its own, and what was cut off of the old one is completed", async () => {
    const files = {
      previous: [at(1, "one"), at(2, "last words")] as readonly string[],
      current: [at(1, "one")] as readonly string[],
    };
    const client = kubelet(files);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0, { startedAt: 1 })), false);
    await clock.advance(100);
    files.current = [at(4, "again")];
    log.see(shows(sight(1, { startedAt: 4 }), sight(0, { ended: true, startedAt: 1, finishedAt: 2 })), false);
    await clock.advance(5_000);
    expect(byInstance(items)).toEqual({ "containerd://0": ["one", "last words"], "containerd://1": ["again"] });
    expect(ends(items)).toEqual(["pod-1/app/0 complete: read to its end, then restarted (2)"]);
    await end();
  });

  test("lines that came from the next instance are given to it when its status arrives", async () => {
    // The container had restarted already when its first status was seen: the request reached the new instance.
    const client = kubelet({ previous: [at(3, "first life")], current: [at(3, "second life")] });
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0, { startedAt: 3 })), false);
    await clock.advance(100);
    log.see(shows(sight(1, { startedAt: 3 }), sight(0, { ended: true, startedAt: 3, finishedAt: 3 })), false);
    await clock.advance(10_000);
    expect(byInstance(items)).toEqual({ "containerd://0": ["first life"], "containerd://1": ["second life"] });
    await end();
  });

  test("a restart that shows late is neither a rotation nor a repetition", async () => {
    // The first instance ends; the follow is asked for again before the status shows the second one.
    const files = { previous: [at(1, "dying")] as readonly string[], current: [at(1, "dying")] as readonly string[] };
    const client = new ScriptedClient().always((request) => {
      if (previous(request.query)) return { chunks: files.previous };
      return { chunks: files.current, after: "end" };
    }, isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0, { startedAt: 1 })), false);
    await clock.advance(100);
    files.current = [at(4, "dying again")];
    await clock.advance(6_000);
    log.see(
      shows(sight(1, { startedAt: 4, ended: true, finishedAt: 4 }), sight(0, { ended: true, startedAt: 1, finishedAt: 1 })),
      false,
    );
    await clock.advance(30_000);
    expect(byInstance(items)).toEqual({ "containerd://0": ["dying"], "containerd://1": ["dying again"] });
    expect(gaps(items)).toEqual([]);
    await end();
  });

  test("lines are the next instance's own when the one before wrote none", async () => {
    const client = kubelet({ previous: [], current: [at(3, "second life")] });
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0, { startedAt: 3 })), false);
    await clock.advance(100);
    log.see(shows(sight(1, { startedAt: 3 }), sight(0, { ended: true, startedAt: 3, finishedAt: 3 })), false);
    await clock.advance(10_000);
    expect(byInstance(items)).toEqual({ "containerd://1": ["second life"] });
    await end();
  });

  test("instances between two looks are a gap that counts them", async () => {
    const files = { previous: [at(8, "third")], current: [at(1, "first")] };
    const client = new ScriptedClient().always(
      (request) => ({ chunks: previous(request.query) ? files.previous : files.current }),
      isLog,
    );
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0, { startedAt: 1, ended: true, finishedAt: 1 })), false);
    await clock.advance(100);
    files.current = [at(9, "fourth")];
    log.see(shows(sight(3, { startedAt: 9 }), sight(2, { ended: true, startedAt: 8, finishedAt: 8 })), false);
    await clock.advance(10_000);
    expect(gaps(items)).toContain("instance-lost: 1 instance of app ended between two looks at the pod");
    expect(byInstance(items)).toEqual({ "containerd://0": ["first"], "containerd://2": ["third"], "containerd://3": ["fourth"] });
    await end();
  });

  test("instances before the first that was seen are a gap when the pod was seen before any of its containers had run", async () => {
    const client = new ScriptedClient().always(
      (request) => ({ chunks: previous(request.query) ? [] : [at(9, "second")] }),
      isLog,
    );
    const { log, items, clock, end } = follow(client, { bornAt: Date.UTC(2026, 0, 1, 12) });
    log.see(shows(sight(1, { startedAt: 9 })), false);
    await clock.advance(10_000);
    expect(items.find(({ item }) => item === "log-gap")).toMatchObject({
      cause: "instance-lost",
      detail: "1 instance of app ended between two looks at the pod",
      from: Date.UTC(2026, 0, 1, 12),
      to: Date.UTC(2026, 0, 1, 12, 0, 9, 999),
    });
    await end();
  });

  test("instances before the first that was seen of a pod that ran already are no gap", async () => {
    const client = new ScriptedClient().always({ chunks: [at(9, "fifth")] }, isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(4, { startedAt: 9 })), false);
    await clock.advance(10_000);
    expect(gaps(items)).toEqual([]);
    await end();
  });

  test("a log that begins after the instance ended is not taken for its own", async () => {
    const client = kubelet({ previous: undefined, current: [at(30, "another one")] });
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0, { startedAt: 1, ended: true, finishedAt: 2 })), false);
    await clock.advance(20_000);
    expect(byInstance(items)).toEqual({});
    expect(gaps(items)).toEqual(["log-unavailable: log of app (containerd://0): the node keeps only a newer instance"]);
    await end();
  });

  test("a previous instance that is a newer one than the one sought is not taken for it", async () => {
    const client = kubelet({ previous: [at(30, "another one")], current: [at(40, "now")] });
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(1, { startedAt: 40 }), sight(0, { ended: true, startedAt: 1, finishedAt: 2 })), false);
    await clock.advance(100);
    expect(byInstance(items)).toEqual({ "containerd://1": ["now"] });
    expect(gaps(items)).toEqual(["log-unavailable: log of app (containerd://0): the node keeps only a newer instance"]);
    await end();
  });
});

describe("the end of a pod", () => {
  test("a follow that ended by itself before the pod went is complete", async () => {
    const client = new ScriptedClient().next({ chunks: [at(1, "bye")] }, isLog).always(notFound('pods "web-0" not found'), isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0)), true);
    await clock.advance(30_000);
    expect(ends(items)).toEqual(["pod-1/app/0 complete: pod deleted (1)"]);
    expect(gaps(items)).toEqual([]);
    await end();
  });

  test("a follow that ended while its kubelet stopped to answer may have been cut, and its pod going is a gap", async () => {
    const away: Answer = { failure: { kind: "http", status: 502, reason: "", message: "connection refused", causes: [] } };
    const client = new ScriptedClient()
      .next({ chunks: [at(1, "not the last")] }, isLog)
      .next(away, isLog)
      .always(notFound('pods "web-0" not found'), isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0)), true);
    await clock.advance(30_000);
    expect(ends(items)).toEqual(['pod-1/app/0 incomplete: NotFound (404): pods "web-0" not found (1)']);
    expect(gaps(items)).toHaveLength(1);
    await end();
  });

  test.each<[string, Answer]>([
    ["has removed the container", { chunks: ["unable to retrieve container logs for containerd://0"] }],
    ["has forgotten the pod", notFound("the server could not find the requested resource ( pods/log web-0)")],
  ])("a kubelet that %s by the next look does not say that it goes on: its follow ended with it", async (_, next) => {
    const client = new ScriptedClient()
      .next({ chunks: [at(1, "bye")] }, isLog)
      .next(next, isLog)
      .always(notFound('pods "web-0" not found'), isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0)), true);
    await clock.advance(30_000);
    expect(ends(items)).toEqual(["pod-1/app/0 complete: pod deleted (1)"]);
    expect(gaps(items)).toEqual([]);
    await end();
  });

  test("a follow that ends while its pod is being deleted is opened anew at once: what comes then may be the last", async () => {
    const client = new ScriptedClient()
      .next({ chunks: [at(1, "a")] }, isLog)
      .next({ chunks: [at(1, "a"), at(2, "b")] }, isLog)
      .always(notFound('pods "web-0" not found'), isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0)), true);
    await clock.advance(0);
    expect(byInstance(items)).toEqual({ "containerd://0": ["a", "b"] });
    await clock.advance(30_000);
    expect(ends(items)).toEqual(["pod-1/app/0 complete: pod deleted (2)"]);
    await end();
  });

  test("a follow that was open when its pod went and the recording stopped may have been dead: a gap", async () => {
    const client = new ScriptedClient().next({ chunks: [at(1, "a")], after: "hold" }, isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0, { startedAt: 1 })), false);
    await clock.advance(10_000);
    log.podGone();
    await clock.advance(1_000);
    await end();
    expect(ends(items)).toEqual(["pod-1/app/0 incomplete: recording stopped (1)"]);
    expect(gaps(items)).toHaveLength(1);
  });

  test("lines of before the container began are no instance's, and when the recording stops a gap tells", async () => {
    const client = new ScriptedClient().always({ chunks: [at(1, "the node's clock was set back")], after: "hold" }, isLog);
    const { log, items, clock, end } = follow(client);
    log.see(shows(sight(0, { startedAt: 40 })), false);
    await clock.advance(10_000);
    await end();
    expect(ends(items)).toEqual(["pod-1/app/0 incomplete: recording stopped (0)"]);
    expect(gaps(items)).toHaveLength(1);
  });

  test("an open stream is read to its end, then the follower ends by itself", async () => {
    const client = new ScriptedClient().next({ chunks: [at(1, "bye")] }, isLog);
    const { log, items, clock } = follow(client);
    log.see(shows(sight(0)), true);
    log.podGone();
    await clock.advance(5_000);
    expect(ends(items)).toEqual(["pod-1/app/0 complete: pod deleted (1)"]);
  });
});

describe("the limit on streams", () => {
  test("a container without a slot is read in turn, and nobody starves", async () => {
    const clock = new VirtualClock();
    const slots = new LogSlots(1, () => clock.monotonic());
    const logs = Array.from({ length: 3 }, (_, number) => {
      const client = new ScriptedClient().always(
        (request) => ({
          chunks: [at(1, `from ${number}`)],
          ...(request.query?.["follow"] === true ? { after: "hold" as const } : {}),
        }),
        isLog,
      );
      return follow(client, { slots, clock });
    });
    for (const { log } of logs) log.see(shows(sight(0)), false);
    for (let turn = 0; turn < 12; turn++) await clock.advance(3_000);
    expect(logs.map(({ items }) => byInstance(items))).toEqual(
      [0, 1, 2].map((number) => ({ "containerd://0": [`from ${number}`] })),
    );
    expect(slots.held).toBeLessThanOrEqual(1);
    for (const { end } of logs) await end();
    expect(slots.held).toBe(0);
  });
});
