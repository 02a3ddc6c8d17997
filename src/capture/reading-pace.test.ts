import { expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { ReadingPace } from "./reading-pace.ts";

/** Whether it has resolved by now. */
function watched(pause: Promise<unknown> | undefined): { isOver: boolean } {
  const state = { isOver: pause === undefined };
  void pause?.then(() => {
    state.isOver = true;
  });
  return state;
}

test("a pause ends when nothing waits any more, and the next one is as long as the first", async () => {
  const clock = new VirtualClock();
  const pace = new ReadingPace(clock);
  const pauses = [watched(pace.pause()), watched(pace.pause())];
  await clock.advance(400);
  expect(pauses).toEqual([{ isOver: false }, { isOver: false }]);
  pace.caughtUp();
  await clock.advance(1);
  expect(pauses).toEqual([{ isOver: true }, { isOver: true }]);
  const next = watched(pace.pause());
  await clock.advance(400);
  expect(next.isOver).toBe(false);
});

test("while something waits for ever, half of the time is for reading, in stretches of half a second", async () => {
  const clock = new VirtualClock();
  const pace = new ReadingPace(clock);
  const pauses: ReturnType<typeof watched>[] = [];
  let told = "";
  for (let at = 0; at < 3_000; at += 100) {
    const pause = watched(pace.pause());
    if (pause.isOver) expect(pauses.every(({ isOver }) => isOver)).toBe(true);
    pauses.push(pause);
    told += pause.isOver ? "r" : "p";
    await clock.advance(100);
  }
  expect(told).toBe("ppppprrrrr".repeat(3));
});

test("leaves no timer behind", async () => {
  const clock = new VirtualClock();
  const pace = new ReadingPace(clock);
  const pause = pace.pause();
  pace.caughtUp();
  await pause;
  expect(clock.pending).toBe(0);
});
