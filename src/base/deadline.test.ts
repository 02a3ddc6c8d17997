import { expect, test } from "vitest";
import { Deadline } from "./deadline.ts";
import { VirtualClock } from "./virtual-clock.ts";

function watched(): { clock: VirtualClock; deadline: Deadline; passed: number[] } {
  const clock = new VirtualClock();
  const passed: number[] = [];
  return { clock, passed, deadline: new Deadline(clock, () => passed.push(clock.monotonic())) };
}

test("passes once, when the last wait is over, though its timer was early", async () => {
  const { clock, deadline, passed } = watched();
  deadline.start(100);
  await clock.advance(60);
  deadline.start(100);
  await clock.advance(99);
  expect(passed).toEqual([]);
  await clock.advance(1_000);
  expect(passed).toEqual([160]);
});

test("passes sooner for a wait that is shorter than the one before", async () => {
  const { clock, deadline, passed } = watched();
  deadline.start(100);
  deadline.start(10);
  await clock.advance(1_000);
  expect(passed).toEqual([10]);
});

test("does not pass once it is stopped, and begins anew after that", async () => {
  const { clock, deadline, passed } = watched();
  deadline.start(100);
  deadline.stop();
  await clock.advance(1_000);
  expect(passed).toEqual([]);
  deadline.start(50);
  await clock.advance(1_000);
  expect(passed).toEqual([1_050]);
});

test("does not pass once it has ended", async () => {
  const { clock, deadline, passed } = watched();
  deadline.start(100);
  deadline.end();
  await clock.advance(1_000);
  expect(passed).toEqual([]);
});
