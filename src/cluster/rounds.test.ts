import { describe, expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { Gathered } from "./gather.ts";
import { Inflow } from "./inflow.ts";
import { Rounds, type Seat } from "./rounds.ts";

/** Asks `times` times in a second, evenly. */
async function ask(
  seat: Seat,
  clock: VirtualClock,
  times: number,
): Promise<{ readonly asked: readonly (Promise<void> | undefined)[] }> {
  const asked: (Promise<void> | undefined)[] = [];
  for (let at = 0; at < times; at++) {
    asked.push(seat.join());
    await clock.advance(1_000 / times);
  }
  return { asked };
}

describe("what comes now and then", () => {
  test("goes on at once while little comes", async () => {
    const clock = new VirtualClock();
    const seat = new Rounds(clock).enter();
    for (let second = 0; second < 3; second++)
      expect((await ask(seat, clock, 90)).asked.every((round) => round === undefined)).toBe(true);
  });

  test("goes on in rounds while much comes, and at once again after that", async () => {
    const clock = new VirtualClock();
    const seat = new Rounds(clock).enter();
    await ask(seat, clock, 200);
    const { asked } = await ask(seat, clock, 200);
    expect(asked).not.toContain(undefined);
    // A round of 100 ms, begun by the first that comes after the last one: ten of them in a second, or one less.
    expect(new Set(asked).size).toBeGreaterThanOrEqual(9);
    expect(new Set(asked).size).toBeLessThanOrEqual(10);
    await ask(seat, clock, 5);
    expect((await ask(seat, clock, 5)).asked.at(-1)).toBe(undefined);
  });

  test("does not wait for longer than a round", async () => {
    const clock = new VirtualClock();
    const seat = new Rounds(clock).enter();
    await ask(seat, clock, 200);
    let isOver = false;
    void seat.join()?.then(() => (isOver = true));
    await clock.advance(99);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect(isOver).toBe(true);
  });

  test("goes on 64 together and no more, so that nothing else waits for long", async () => {
    const clock = new VirtualClock();
    const seat = new Rounds(clock).enter();
    await ask(seat, clock, 200);
    const asked = Array.from({ length: 150 }, () => seat.join());
    expect(asked.map((round) => [...new Set(asked)].indexOf(round))).toEqual(
      Array.from({ length: 150 }, (_, at) => Math.floor(at / 64)),
    );
  });

  test("of many bodies comes out together, all of each", async () => {
    const clock = new VirtualClock();
    const rounds = new Rounds(clock);
    await ask(rounds.enter(), clock, 200);
    const got: string[] = [];
    const inflows = Array.from(
      { length: 3 },
      () => new Inflow({ pause: () => undefined, resume: () => undefined, leave: () => undefined }),
    );
    for (const inflow of inflows)
      void new Gathered(inflow, clock, { ms: 250, bytes: 1_000 }, rounds.enter())
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

describe("what comes again and again", () => {
  test("goes on at the same moments as others, whenever each has begun", () => {
    const rounds = new Rounds(new VirtualClock());
    const seats = [3, 40, 111, 244].map((last) => ({ last, seat: rounds.enter() }));
    expect(seats.map(({ last, seat }) => seat.after(last, 250))).toEqual([250, 250, 250, 250]);
    // So near a moment is after it.
    expect(seats[0]?.seat.after(246, 250)).toBe(500);
  });

  test("waits for no longer than said, and a moment", () => {
    const rounds = new Rounds(new VirtualClock());
    const seats = Array.from({ length: 1_000 }, () => rounds.enter());
    for (const [at, seat] of seats.entries()) {
      const wait = seat.after(at, 250) - at;
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(255);
    }
  });

  test("goes on 64 together and not many more, also when others have ended", () => {
    const rounds = new Rounds(new VirtualClock());
    const momentsOf = (of: readonly Seat[]): number[] => {
      const moments = new Map<number, number>();
      for (const seat of of) moments.set(seat.after(0, 250), (moments.get(seat.after(0, 250)) ?? 0) + 1);
      return [...moments.values()];
    };
    const seats = Array.from({ length: 640 }, () => rounds.enter());
    expect(momentsOf(seats)).toEqual(Array.from({ length: 10 }, () => 64));
    for (const seat of seats.slice(64)) seat.leave();
    expect(momentsOf(seats.slice(0, 64))).toEqual([64]);
  });
});
