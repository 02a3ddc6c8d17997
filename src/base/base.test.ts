import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BoundedQueue,
  compareResourceVersions,
  errorMessage,
  FaroError,
  formatDuration,
  invariant,
  isComparable,
  isoMs,
  isoTime,
  LineSplitter,
  listField,
  parseDuration,
  Scope,
  Stamper,
  systemClock,
  VirtualClock,
} from "./index.ts";

describe("durations in Go's grammar", () => {
  const good: readonly [string, number][] = [
    ["0", 0],
    ["90s", 90_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["250ms", 250],
    ["-2m", -120_000],
    ["1h1m1s1ms", 3_661_001],
    [".5s", 500],
    ["100us", 0.1],
  ];
  test.each(good)("%s", (text, ms) => {
    expect(parseDuration(text)).toBeCloseTo(ms, 6);
  });

  test.each(["", "5", "5 m", "1h30", "1d", "1,5h", "m", "h1", "--5m", "5mm"])("%j is none", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each([
    [0, "0s"],
    [250, "250ms"],
    [45_000, "45s"],
    [65_000, "1m5s"],
    [5_400_000, "1h30m"],
    [-1_000, "-1s"],
    [86_400_000, "24h"],
  ] as const)("%d ms is written %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe("resourceVersions", () => {
  test.each(["", "0", "007", "abc", "1.5", "-1"])("%j has no order", (text) => {
    expect(isComparable(text)).toBe(false);
    expect(compareResourceVersions(text, "5")).toBeUndefined();
  });

  test("property: they compare as the numbers they are, of any length", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 30n }), fc.bigInt({ min: 1n, max: 10n ** 30n }), (a, b) => {
        const expected = a < b ? -1 : a > b ? 1 : 0;
        expect(Math.sign(compareResourceVersions(String(a), String(b)) ?? Number.NaN)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("LineSplitter", () => {
  test("property: lines come back whole, whatever the chunks", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), fc.array(fc.integer({ min: 1, max: 9 })), (parts, sizes) => {
        const bytes = Buffer.concat(parts.map((part) => Buffer.concat([Buffer.from(part), Buffer.from("\n")])));
        const splitter = new LineSplitter();
        const lines: string[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % Math.max(1, sizes.length)] ?? 3;
          for (const line of splitter.push(bytes.subarray(at, at + size))) lines.push(line.toString("latin1"));
          at += size;
        }
        expect(lines).toEqual(bytes.toString("latin1").split("\n").slice(0, -1));
        expect(splitter.rest()).toHaveLength(0);
      }),
    );
  });

  test("ends a line at \\n alone, and keeps what came after the last one", () => {
    const splitter = new LineSplitter();
    expect([...splitter.push(Buffer.from("a\rb\0c\nrest"))].map(String)).toEqual(["a\rb\0c"]);
    expect(splitter.pendingBytes).toBe(4);
    expect(splitter.rest().toString()).toBe("rest");
    expect(splitter.pendingBytes).toBe(0);
  });
});

describe("BoundedQueue", () => {
  test("refuses beyond its bounds in items and bytes, but takes one item of any size", () => {
    const queue = new BoundedQueue<string>({ items: 2, bytes: 10 });
    expect(queue.offer("large", 50)).toBe(true);
    expect(queue.offer("small", 1)).toBe(false);
    const items = new BoundedQueue<number>({ items: 2, bytes: 10 });
    expect([items.offer(1), items.offer(2), items.offer(3)]).toEqual([true, true, false]);
  });

  test("keeps the order over thousands of items and wakes those who wait for room", async () => {
    const queue = new BoundedQueue<number>({ items: 3, bytes: 1e9 });
    const producer = (async () => {
      for (let at = 0; at < 3_000; at++) await queue.put(at);
      queue.close();
    })();
    const got: number[] = [];
    for await (const item of queue) got.push(item);
    await producer;
    expect(got).toEqual(Array.from({ length: 3_000 }, (_, at) => at));
    expect(queue.offer(1)).toBe(false);
    expect(await queue.put(1)).toBe(false);
  });
});

describe("Scope", () => {
  test("aborts and joins what it started, and hears of failures other than its own end", async () => {
    const failures: string[] = [];
    const scope = new Scope((error, task) => failures.push(`${task}: ${error.message}`));
    const clock = new VirtualClock();
    let isEnded = false;
    scope.start("waiting", async (signal) => {
      try {
        await clock.sleep(1e9, signal);
      } finally {
        isEnded = true;
      }
    });
    scope.start("failing", () => Promise.reject(new Error("broken")));
    expect(scope.running).toEqual(["waiting", "failing"]);
    await clock.advance(1);
    await scope.close("over");
    expect(isEnded).toBe(true);
    expect(failures).toEqual(["failing: broken"]);
    scope.start("late", () => Promise.reject(new Error("never runs")));
    expect(scope.running).toEqual([]);
  });

  test("ends with its parent", async () => {
    const parent = new AbortController();
    const scope = new Scope(() => {}, parent.signal);
    parent.abort(new Error("the parent ended"));
    expect(scope.signal.aborted).toBe(true);
    expect(new Scope(() => {}, parent.signal).signal.aborted).toBe(true);
    await scope.join();
  });
});

describe("clocks", () => {
  test("virtual time runs timers in the order of their due time, and only as far as it is told", async () => {
    const clock = new VirtualClock();
    const calls: string[] = [];
    clock.after(20, () => calls.push("b"));
    clock.after(10, () => calls.push("a"));
    const cancel = clock.after(15, () => calls.push("never"));
    cancel();
    await clock.advance(19);
    expect(calls).toEqual(["a"]);
    await clock.advance(1);
    expect(calls).toEqual(["a", "b"]);
    expect(clock.monotonic()).toBe(20);
  });

  test("a step of the wall clock moves nothing else", () => {
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    clock.stepWall(-3_600_000);
    expect(isoTime(clock.now())).toBe("2025-12-31T23:00:00.000Z");
    expect(clock.monotonic()).toBe(0);
  });

  test.each([1_767_225_600_000.9, 1_767_225_600_001])(
    "the time that a text of %d tells is the same, made just now or long ago",
    (ms) => {
      const text = isoTime(ms);
      const justNow = isoMs(text);
      isoTime(0);
      expect([justNow, isoMs(text)]).toEqual([Math.floor(ms), Math.floor(ms)]);
    },
  );

  test.each([
    ["the system's", systemClock],
    ["a virtual", new VirtualClock()],
  ])("%s sleep ends with its signal", async (_, clock) => {
    const abort = new AbortController();
    const sleep = clock.sleep(1e9, abort.signal);
    abort.abort(new Error("woken"));
    await expect(sleep).rejects.toThrow("woken");
    await expect(clock.sleep(1, abort.signal)).rejects.toThrow("woken");
  });

  test("the system's clock sleeps, calls back and throws dice", async () => {
    const before = systemClock.monotonic();
    await systemClock.sleep(1);
    await new Promise<void>((resolve) => {
      systemClock.after(1, resolve);
      // The timer does not keep the process alive; this one does until it has fired.
      void systemClock.sleep(20);
    });
    expect(systemClock.monotonic()).toBeGreaterThan(before);
    expect(systemClock.random()).toBeLessThan(1);
    expect(systemClock.now()).toBeGreaterThan(0);
  });

  test("chance is the same for the same seed", () => {
    const draw = (seed: number): number[] =>
      Array.from(
        { length: 5 },
        (
          (clock) => () =>
            clock.random()
        )(new VirtualClock(0, seed)),
      );
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });
});

test("stamps rise by the number of observations they own", () => {
  const stamper = new Stamper(new VirtualClock(), 5);
  expect([stamper.next().seq, stamper.next(10).seq, stamper.next().seq]).toEqual([5, 6, 16]);
  expect(stamper.nextSeq).toBe(17);
});

test("errors say the cause behind them, once", () => {
  expect(errorMessage(new Error("cannot read", { cause: new Error("no such file") }))).toBe("cannot read: no such file");
  expect(errorMessage(new Error("cannot read: no such file", { cause: new Error("no such file") }))).toBe(
    "cannot read: no such file",
  );
  expect(errorMessage("text")).toBe("text");
  const error = new FaroError("FARO_USAGE", "bad flag", { hint: "try another" });
  expect([error.code, error.hint, error.details]).toEqual(["FARO_USAGE", "try another", {}]);
  expect(() => invariant(false, "two and two are four")).toThrow("invariant broken: two and two are four");
});

test("members of untyped JSON are read only where they have the type", () => {
  expect(listField({ a: [1] }, "a")).toEqual([1]);
  expect(listField({ a: "x" }, "a")).toEqual([]);
  expect(listField(null, "a")).toEqual([]);
});
