import { describe, expect, test } from "vitest";
import { ScriptedClient } from "../../../test/support/scripted-client.ts";
import { VirtualClock } from "../../base/index.ts";
import { ContainerLog } from "./container-log.ts";
import type { ContainerSight, InstanceSight } from "./instances.ts";
import type { LogItem } from "./log-item.ts";
import { LogSink, type TakesLog } from "./log-sink.ts";
import { LogSlots } from "./slots.ts";

const item = (what: string): LogItem => ({ item: "incident", what, detail: "" });
const nameOf = (of: LogItem): string => (of.item === "incident" ? of.what : of.item);

/** A sink whose items are worked off one by one, when the test says so. */
function slowSink(): { sink: LogSink; taken: string[]; next(error?: Error): Promise<void> } {
  const taken: string[] = [];
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const sink = new LogSink((of) => {
    taken.push(nameOf(of));
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  });
  const next = async (error?: Error): Promise<void> => {
    const first = waiting.shift();
    if (error === undefined) first?.resolve();
    else first?.reject(error);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  };
  return { sink, taken, next };
}

describe("a sink", () => {
  test("waits for nothing that is worked off at once", () => {
    const taken: string[] = [];
    const sink = new LogSink((of) => void taken.push(nameOf(of)));
    expect(sink.put([item("one"), item("two")])).toBe(undefined);
    expect(sink.put([])).toBe(undefined);
    expect(taken).toEqual(["one", "two"]);
  });

  test("hands on nothing of any reader before what came before it is worked off", async () => {
    const { sink, taken, next } = slowSink();
    const first = sink.put([item("a1"), item("a2")]);
    const second = sink.put([item("b1")]);
    expect(taken).toEqual(["a1"]);
    await next();
    expect(taken).toEqual(["a1", "b1"]);
    await next();
    expect(taken).toEqual(["a1", "b1", "a2"]);
    await next();
    await expect(Promise.all([first, second])).resolves.toEqual([undefined, undefined]);
  });

  test("hands on nothing that waited for what failed, and fails it too", async () => {
    const { sink, taken, next } = slowSink();
    const first = sink.put([item("a1"), item("a2")]);
    const second = sink.put([item("b1")]);
    const both = Promise.allSettled([first, second]);
    await next(new Error("the disk is full"));
    const reason = new Error("the disk is full");
    expect(await both).toEqual([
      { status: "rejected", reason },
      { status: "rejected", reason },
    ]);
    expect(taken).toEqual(["a1"]);
  });
});

describe("a container's log", () => {
  const isLog = (path: string): boolean => path.endsWith("/log");
  const instance = (restartCount: number, startedAt: string): InstanceSight => {
    return { containerId: `containerd://${restartCount}`, restartCount, ended: false, startedAt, finishedAt: undefined };
  };
  const shows = (current: InstanceSight): ContainerSight => ({ container: "app", kind: "app", current, last: undefined });

  function follow(take: TakesLog): { log: ContainerLog; slots: LogSlots; clock: VirtualClock; done: Promise<void> } {
    const clock = new VirtualClock();
    const slots = new LogSlots(50, () => clock.monotonic());
    const client = new ScriptedClient()
      .always({ chunks: ["2026-01-01T12:00:01.000000000Z one\n"], after: "hold" }, isLog)
      .always({ body: JSON.stringify({ metadata: { uid: "pod-1" } }) }, (path) => !isLog(path));
    const of = { namespace: "shop", pod: "web-0", podUid: "pod-1", container: "app", kind: "app" } as const;
    const bornAt = Date.parse("2026-01-01T12:00:00Z");
    const log = new ContainerLog({ client, clock, slots, recorded: new Map(), bornAt, ...of }, take);
    return { log, slots, clock, done: log.follow(new AbortController().signal) };
  }

  test("ends with what its taker threw, and has left its connection by then", async () => {
    const { log, slots, clock, done } = follow((of) => {
      if (of.item === "lines") throw new Error("the disk is full");
      return undefined;
    });
    log.see(shows(instance(0, "2026-01-01T12:00:00Z")), false);
    await Promise.all([expect(done).rejects.toThrow("the disk is full"), clock.advance(1_000)]);
    expect(slots.held).toBe(0);
  });

  test("reads the instance that is seen while what was seen before is worked off", async () => {
    const items: string[] = [];
    let release = (): void => undefined;
    const { log, clock } = follow((of) => {
      items.push(of.item);
      if (of.item !== "log-gap") return undefined;
      return new Promise((resolve) => {
        release = resolve;
      });
    });
    // The first instance was never seen: a gap, which nobody works off for a while.
    log.see(shows(instance(1, "2026-01-01T12:00:01Z")), false);
    await clock.advance(0);
    expect(items).toEqual(["log-gap"]);
    log.see(shows(instance(2, "2026-01-01T12:00:05Z")), false);
    await clock.advance(0);
    release();
    await clock.advance(0);
    expect(items.filter((each) => each === "stream-bound")).toHaveLength(2);
  });
});
