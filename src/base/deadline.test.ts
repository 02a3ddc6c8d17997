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

test("leaves no timer behind when the one that was early finds it stopped", async () => {
  const clock = new VirtualClock();
  const waits: number[] = [];
  const after: VirtualClock["after"] = (ms, call) => {
    waits.push(ms);
    return clock.after(ms, call);
  };
  const deadline = new Deadline({ monotonic: () => clock.monotonic(), after }, () => undefined);
  deadline.start(100);
  deadline.stop();
  await clock.advance(1_000);
  expect(waits).toEqual([100]);
});

test("does not pass once it has ended", async () => {
  const { clock, deadline, passed } = watched();
  deadline.start(100);
  deadline.end();
  await clock.advance(1_000);
  expect(passed).toEqual([]);
});
