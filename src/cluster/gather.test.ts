import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { GATHERED_HIGH_WATER_MARK, gathered } from "./gather.ts";

const BOUNDS = { ms: 100, bytes: 1_000 };

interface Gathering {
  readonly body: Readable;
  readonly clock: VirtualClock;
  readonly got: string[];
  /** How it ended, once it has. */
  outcome: string | undefined;
  /** Lets `ms` pass and everything that follows happen. */
  pass(ms: number): Promise<void>;
}

function gather(body: Readable = new Readable({ read: () => undefined })): Gathering {
  const clock = new VirtualClock();
  const got: string[] = [];
  const gathering: Gathering = {
    body,
    clock,
    got,
    outcome: undefined,
    pass: async (ms) => {
      await turn();
      await clock.advance(ms);
      await turn();
    },
  };
  void (async () => {
    try {
      for await (const bytes of gathered(body, clock, BOUNDS)) got.push(bytes.toString());
      gathering.outcome = "end";
    } catch (error) {
      gathering.outcome = String(error);
    }
  })();
  return gathering;
}

/** A body behind which chunks wait in a socket, and then what ends it: `null` or an error. */
function socket(): { readonly body: Readable; readonly waiting: (string | Error | null)[] } {
  const waiting: (string | Error | null)[] = [];
  const body = new Readable({
    highWaterMark: GATHERED_HIGH_WATER_MARK,
    read: () => {
      const next = waiting.shift();
      if (next instanceof Error) body.destroy(next);
      else if (next !== undefined) body.push(next);
    },
  });
  return { body, waiting };
}

describe("chunks of a body", () => {
  test("that come one by one go on at once when they are rare", async () => {
    const { body, got, pass } = gather();
    for (const chunk of ["a", "b", "c"]) {
      body.push(chunk);
      await pass(0);
      expect(got.at(-1)).toBe(chunk);
      await pass(100);
    }
    expect(got).toEqual(["a", "b", "c"]);
  });

  test("that come shortly after one another are joined, and wait no longer than said", async () => {
    const { body, got, pass } = gather();
    body.push("first ");
    await pass(30);
    for (const chunk of ["a", "b", "c"]) {
      body.push(chunk);
      await pass(20);
    }
    expect(got).toEqual(["first "]);
    await pass(8);
    await pass(2);
    expect(got).toEqual(["first ", "abc"]);
  });

  test("do not wait when there is much", async () => {
    const { body, got, pass } = gather();
    body.push("w".repeat(300));
    await pass(0);
    body.push("x".repeat(600));
    await pass(0);
    expect(got).toHaveLength(1);
    body.push("y".repeat(600));
    await pass(0);
    expect(got.map((text) => text.length)).toEqual([300, 1_200]);
  });

  test("of which there are few are not read for a while", async () => {
    const { body, waiting } = socket();
    const { got, pass } = gather(body);
    body.push("first");
    await pass(0);
    body.push("read ahead, ");
    waiting.push("third, ", "fourth");
    await pass(97);
    expect([got, waiting]).toEqual([["first"], ["third, ", "fourth"]]);
    await pass(1);
    await pass(2);
    expect([got, waiting]).toEqual([["first", "read ahead, third, fourth"], []]);
  });

  test.each([
    ["the end", null, "end"],
    ["a connection that breaks", new Error("reset"), "Error: reset"],
  ])("that wait in the socket come out before %s", async (_what, end, outcome) => {
    const { body, waiting } = socket();
    const gathering = gather(body);
    body.push("first");
    await gathering.pass(0);
    body.push("read ahead, ");
    waiting.push("third", end);
    for (let passed = 0; passed < 100; passed++) await gathering.pass(1);
    expect([gathering.got, gathering.outcome]).toEqual([["first", "read ahead, third"], outcome]);
  });

  test.each([
    ["the end", (body: Readable) => body.push(null), "end"],
    ["a connection that breaks", (body: Readable) => body.destroy(new Error("reset")), "Error: reset"],
    ["a body that is cut off without a word", (body: Readable) => body.destroy(), "Error: the body was cut off"],
  ])("that are joined come out before %s, at once", async (_what, end, outcome) => {
    const gathering = gather();
    gathering.body.push("1".repeat(300));
    await gathering.pass(0);
    gathering.body.push("second");
    await gathering.pass(0);
    expect(gathering.got).toHaveLength(1);
    end(gathering.body);
    await gathering.pass(0);
    expect([gathering.got[1], gathering.outcome]).toEqual(["second", outcome]);
  });

  test("a reader that leaves while the body is not read is let go at once", async () => {
    const gathering = gather();
    gathering.body.push("first");
    await gathering.pass(10);
    gathering.body.destroy();
    await gathering.pass(0);
    expect(gathering.outcome).toBe("Error: the body was cut off");
  });

  test("of a body that broke before anybody read it are no hang", async () => {
    const body = new Readable({ read: () => undefined });
    body.on("error", () => undefined);
    body.destroy(new Error("reset"));
    await turn();
    await expect(gathered(body, new VirtualClock(), BOUNDS).next()).rejects.toThrow("reset");
  });

  test("that nobody takes hold the server up: twice what is enough is read, and no more", async () => {
    let sent = 0;
    const body = new Readable({ highWaterMark: 100, read: () => void (sent++ < 200 && body.push("z".repeat(100))) });
    const taken = gathered(body, new VirtualClock(), BOUNDS);
    const first = await taken.next();
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(first.value?.length).toBeGreaterThan(0);
    // One that was taken, twenty that wait here, and as many where the body's own buffer and its pause meet.
    expect(sent).toBeLessThan(60);
    await taken.return(undefined);
  });
});
