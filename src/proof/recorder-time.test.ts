/** Which moments a recording's times stand for, by the steps of the wall clock and the starts of the recorder. */
import { expect, test } from "vitest";
import { isoTime } from "../base/index.ts";
import { elapsedOf, stretchesOf } from "./recorder-time.ts";

const START = Date.UTC(2026, 0, 1);
const first = { at: 0, offset: START };

test("without a step, times stand for themselves", () => {
  expect(elapsedOf(isoTime(START + 5_000), stretchesOf([first], [{ at: 10, earlier: undefined }]))).toEqual([5_000, 5_000]);
});

test("behind a step back times go slower until they meet the wall", () => {
  const stretches = stretchesOf([first, { at: 10_000, offset: START - 1_000 }], []);
  expect(elapsedOf(isoTime(START + 10_900), stretches)).toEqual([11_000, 11_000]);
  expect(elapsedOf(isoTime(START + 24_000), stretches)).toEqual([25_000, 25_000]);
});

test("a time that the clock jumped over stands for the jump", () => {
  const stretches = stretchesOf([first, { at: 10_000, offset: START + 60_000 }], []);
  expect(elapsedOf(isoTime(START + 30_000), stretches)).toEqual([10_000, 10_000]);
  expect(elapsedOf(isoTime(START + 80_000), stretches)).toEqual([20_000, 20_000]);
});

test("a run goes on behind the times of the one before it", () => {
  const steps = [first, { at: 10_000, offset: START - 60_000 }];
  const stretches = stretchesOf(steps, [{ at: 20_000, earlier: START + 9_000 }]);
  expect(elapsedOf(isoTime(START + 9_900), stretches)).toEqual([9_900, 21_000]);
});
