import { describe, expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { gathered } from "./gather.ts";
import { Inflow } from "./inflow.ts";
import { Rounds } from "./rounds.ts";

/** Asks `times` times in a second, evenly. */
async function ask(
  rounds: Rounds,
  clock: VirtualClock,
  times: number,
): Promise<{ readonly asked: readonly (Promise<void> | undefined)[] }> {
  const asked: (Promise<void> | undefined)[] = [];
  for (let at = 0; at < times; at++) {
    asked.push(rounds.join());
    await clock.advance(1_000 / times);
  }
  return { asked };
}

describe("what comes now and then", () => {
  test("goes on at once while little comes", async () => {
    const clock = new VirtualClock();
    const rounds = new Rounds(clock);
    for (let second = 0; second < 3; second++)
      expect((await ask(rounds, clock, 90)).asked.every((round) => round === undefined)).toBe(true);
  });

  test("goes on in rounds while much comes, and at once again after that", async () => {
    const clock = new VirtualClock();
    const rounds = new Rounds(clock);
    await ask(rounds, clock, 200);
    const { asked } = await ask(rounds, clock, 200);
    expect(asked).not.toContain(undefined);
    // A round of 100 ms, begun by the first that comes after the last one: ten of them in a second, or one more.
    expect(new Set(asked).size).toBeGreaterThanOrEqual(9);
    expect(new Set(asked).size).toBeLessThanOrEqual(10);
    await ask(rounds, clock, 5);
    expect((await ask(rounds, clock, 5)).asked.at(-1)).toBe(undefined);
  });

  test("does not wait for longer than a round", async () => {
    const clock = new VirtualClock();
    const rounds = new Rounds(clock);
    await ask(rounds, clock, 200);
    let isOver = false;
    void rounds.join()?.then(() => (isOver = true));
    await clock.advance(99);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect(isOver).toBe(true);
  });

  test("of many bodies comes out together, all of each", async () => {
    const clock = new VirtualClock();
    const rounds = new Rounds(clock);
    await ask(rounds, clock, 200);
    const got: string[] = [];
    const inflows = Array.from(
      { length: 3 },
      () => new Inflow({ pause: () => undefined, resume: () => undefined, leave: () => undefined }),
    );
    for (const inflow of inflows)
      void gathered(inflow, clock, { ms: 250, bytes: 1_000 }, rounds)
        .next()
        .then(({ value }) => got.push(String(value)));
    for (const [at, inflow] of inflows.entries()) {
      inflow.push(Buffer.from(`a${at}`));
      await clock.advance(10);
      inflow.push(Buffer.from(`b${at}`));
    }
    expect(got).toEqual([]);
    await clock.advance(70);
    expect(got).toEqual(["a0b0", "a1b1", "a2b2"]);
  });
});
