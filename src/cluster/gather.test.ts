import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { Gathered } from "./gather.ts";
import { Inflow } from "./inflow.ts";
import { Rounds } from "./rounds.ts";

const BOUNDS = { ms: 100, bytes: 1_000 };

/** What a socket brings: bytes, and in the end `null` or what it broke with. */
type Brought = string | Error | null;

interface Gathering {
  readonly clock: VirtualClock;
  readonly got: string[];
  /** What waits in the socket because it is not read. */
  readonly waiting: Brought[];
  /** Times that it was stopped reading. */
  pauses: number;
  /** How it ended, once it has. */
  outcome: string | undefined;
  /** Comes to the socket. */
  bring(...brought: Brought[]): void;
  /** Has been read before the socket was stopped. */
  late(text: string): void;
  /** Lets `ms` pass and everything that follows happen. */
  pass(ms: number): Promise<void>;
}

function gather(): Gathering {
  const clock = new VirtualClock();
  const got: string[] = [];
  const waiting: Brought[] = [];
  const socket = { isPaused: false };
  const read = (): void => {
    while (!socket.isPaused && waiting.length > 0) {
      const next = waiting.shift();
      if (typeof next === "string") inflow.push(Buffer.from(next));
      else inflow.finish(next ?? undefined);
    }
  };
  const inflow: Inflow = new Inflow({
    pause: () => {
      socket.isPaused = true;
      gathering.pauses++;
    },
    resume: () => {
      socket.isPaused = false;
      read();
    },
    leave: () => undefined,
  });
  const gathering: Gathering = {
    clock,
    got,
    waiting,
    pauses: 0,
    outcome: undefined,
    bring: (...brought) => {
      waiting.push(...brought);
      read();
    },
    late: (text) => inflow.push(Buffer.from(text)),
    pass: async (ms) => {
      await turn();
      await clock.advance(ms);
      await turn();
    },
  };
  void (async () => {
    try {
      for await (const bytes of new Gathered(inflow, clock, BOUNDS, new Rounds(clock).enter())) got.push(bytes.toString());
      gathering.outcome = "end";
    } catch (error) {
      gathering.outcome = String(error);
    }
  })();
  return gathering;
}

describe("chunks of a body", () => {
  test("that come one by one go on at once when they are rare, and stop no reading", async () => {
    const gathering = gather();
    for (const chunk of ["a", "b", "c"]) {
      gathering.bring(chunk);
      await gathering.pass(0);
      expect(gathering.got.at(-1)).toBe(chunk);
      await gathering.pass(100);
    }
    expect(gathering.got).toEqual(["a", "b", "c"]);
    expect(gathering.pauses).toBe(0);
  });

  test("that come shortly after one another are joined, and wait no longer than said", async () => {
    const { bring, got, pass } = gather();
    bring("first ");
    await pass(30);
    for (const chunk of ["a", "b", "c"]) {
      bring(chunk);
      await pass(20);
    }
    expect(got).toEqual(["first "]);
    await pass(8);
    expect(got).toEqual(["first "]);
    await pass(2);
    expect(got).toEqual(["first ", "abc"]);
  });

  test("do not wait when there is much", async () => {
    const { bring, got, pass } = gather();
    bring("w".repeat(300));
    await pass(0);
    bring("x".repeat(600));
    await pass(0);
    expect(got).toHaveLength(1);
    bring("y".repeat(600));
    await pass(0);
    expect(got.map((text) => text.length)).toEqual([300, 1_200]);
  });

  test("of which there are few are not read for a while; what was read already comes with them", async () => {
    const { bring, late, waiting, got, pass } = gather();
    bring("first");
    await pass(0);
    bring("second, ");
    await pass(0);
    bring("fourth, ", "fifth");
    late("third, ");
    await pass(97);
    expect([got, waiting]).toEqual([["first"], ["fourth, ", "fifth"]]);
    await pass(1);
    expect([got, waiting]).toEqual([["first"], []]);
    await pass(2);
    expect(got).toEqual(["first", "second, third, fourth, fifth"]);
  });

  test.each([
    ["the end", null, "end"],
    ["a connection that breaks", new Error("reset"), "Error: reset"],
  ])("that wait in the socket come out before %s", async (_what, end, outcome) => {
    const gathering = gather();
    gathering.bring("first");
    await gathering.pass(0);
    gathering.bring("second, ");
    await gathering.pass(0);
    gathering.bring("third", end);
    expect(gathering.waiting).toHaveLength(2);
    for (let passed = 0; passed < 100; passed++) await gathering.pass(1);
    expect([gathering.got, gathering.outcome]).toEqual([["first", "second, third"], outcome]);
  });

  test.each([
    ["the end", null, "end"],
    ["a connection that breaks", new Error("reset"), "Error: reset"],
  ])("that are joined come out before %s, at once", async (_what, end, outcome) => {
    const gathering = gather();
    gathering.bring("1".repeat(300));
    await gathering.pass(0);
    gathering.bring("second");
    await gathering.pass(0);
    expect(gathering.got).toHaveLength(1);
    gathering.bring(end);
    await gathering.pass(0);
    expect([gathering.got[1], gathering.outcome]).toEqual(["second", outcome]);
  });

  test("of a body that broke before anybody read it are no hang", async () => {
    const body = new Inflow({ pause: () => undefined, resume: () => undefined, leave: () => undefined });
    body.finish(new Error("reset"));
    await expect(new Gathered(body, new VirtualClock(), BOUNDS, new Rounds(new VirtualClock()).enter()).next()).rejects.toThrow(
      "reset",
    );
  });

  test("that nobody takes hold the server up: twice what is enough is read, and no more", async () => {
    let sent = 0;
    const socket = { isPaused: false };
    const pump = (): void => {
      while (!socket.isPaused && sent < 200) {
        sent++;
        body.push(Buffer.alloc(100));
      }
    };
    const body: Inflow = new Inflow({
      pause: () => (socket.isPaused = true),
      resume: () => {
        socket.isPaused = false;
        pump();
      },
      leave: () => undefined,
    });
    const taken = new Gathered(body, new VirtualClock(), BOUNDS, new Rounds(new VirtualClock()).enter());
    const first = taken.next();
    await turn();
    pump();
    expect((await first).value?.length).toBe(2_000);
    expect(sent).toBe(40);
  });
});
