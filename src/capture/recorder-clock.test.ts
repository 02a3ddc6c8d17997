/** Times of a recording when the machine's clock is set: never back, and again the wall's as soon as that is possible. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { describeStep, RecorderClock } from "./recorder-clock.ts";

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

async function later(clock: VirtualClock, ms: number): Promise<void> {
  await clock.advance(ms);
}

test("an undisturbed clock shows the wall's time", async () => {
  const wall = new VirtualClock(START);
  const clock = new RecorderClock(wall);
  await later(wall, 1_234);
  expect(clock.now()).toBe(wall.now());
  expect(clock.takeSteps()).toEqual([]);
});

test("a clock that is set back goes on from where it was, slower, until it meets the wall again", async () => {
  const wall = new VirtualClock(START);
  const clock = new RecorderClock(wall);
  wall.stepWall(-MINUTE);
  expect(clock.now()).toBe(START);
  await later(wall, 100_000);
  expect(clock.now()).toBe(START + 90_000);
  await later(wall, 500_000);
  expect(clock.now()).toBe(wall.now());
  await later(wall, 10);
  expect(clock.now()).toBe(wall.now());
});

test("a clock that is set forward is followed", async () => {
  const wall = new VirtualClock(START);
  const clock = new RecorderClock(wall);
  wall.stepWall(MINUTE);
  expect(clock.now()).toBe(START + MINUTE);
  const [step] = clock.takeSteps();
  expect(step).toEqual({ wall: START + MINUTE, by: MINUTE, ahead: 0 });
});

test("a clock that is set back to the very millisecond of the last look is found out with the next one", async () => {
  const wall = new VirtualClock(START);
  const clock = new RecorderClock(wall);
  await later(wall, 5_000);
  wall.stepWall(-5_000);
  expect(clock.now()).toBe(START);
  await later(wall, 10);
  expect(clock.now()).toBe(START + 5_010);
  expect(clock.takeSteps()).toMatchObject([{ by: -5_000 }]);
});

test("there and back again leaves the clock where the wall is", async () => {
  const wall = new VirtualClock(START);
  const clock = new RecorderClock(wall);
  wall.stepWall(-MINUTE);
  clock.now();
  await later(wall, 10_000);
  wall.stepWall(MINUTE);
  expect(clock.now()).toBe(wall.now());
});

test("steps are told once, with what becomes of the recording's times", () => {
  const wall = new VirtualClock(START);
  const clock = new RecorderClock(wall);
  wall.stepWall(-3_600_000);
  clock.now();
  clock.now();
  const steps = clock.takeSteps();
  expect(steps.map(describeStep)).toEqual([
    "the machine's clock was set back by 3600.0 s, to 2025-12-31T23:00:00.000Z; " +
      "times in this recording go on 3600.0 s ahead of it, a tenth slower, until they meet it again",
  ]);
  expect(clock.takeSteps()).toEqual([]);
});

test("a run goes on behind the last time of the one before it, but not when that lies days ahead", () => {
  const clock = new RecorderClock(new VirtualClock(START));
  clock.goOnFrom(START - 1);
  expect(clock.now()).toBe(START);
  clock.goOnFrom(START + MINUTE);
  expect(clock.now()).toBe(START + MINUTE);
  const other = new RecorderClock(new VirtualClock(START));
  other.goOnFrom(START + 400 * 24 * 3_600_000);
  expect(other.now()).toBe(START);
  expect(other.takeSteps()).toHaveLength(1);
});

test("whatever is done to the wall, times never run back, and never behind the wall", async () => {
  const moves = fc.array(fc.record({ passes: fc.nat(100_000), step: fc.integer({ min: -500_000, max: 500_000 }) }));
  await fc.assert(
    fc.asyncProperty(moves, async (all) => {
      const wall = new VirtualClock(START);
      const clock = new RecorderClock(wall);
      let last = clock.now();
      for (const { passes, step } of all) {
        wall.stepWall(step);
        await later(wall, passes);
        const now = clock.now();
        expect(now).toBeGreaterThanOrEqual(last);
        expect(now).toBeGreaterThanOrEqual(wall.now());
        last = now;
      }
    }),
    { numRuns: 30 },
  );
});
