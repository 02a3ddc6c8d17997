import { describe, expect, test } from "vitest";
import { at, kubeEvent, log, object } from "./recording.cases.ts";
import { kubeEventTime, lineTime, measureBlock, objectTime } from "./timeline.ts";

const ms = (time: string): number => Date.parse(at(time));
const fresh = (): { latest: number } => ({ latest: Number.NEGATIVE_INFINITY });

describe("the time of a Kubernetes Event", () => {
  test.each([
    ["microseconds are taken as they are", "2026-01-01T10:00:01.250500Z", "10:00:03", ms("10:00:01.250") + 0.5],
    ["a whole second whose end has passed counts as its last moment", "2026-01-01T10:00:01Z", "10:00:03", ms("10:00:01.999")],
    ["a whole second that is going on counts as the arrival", "2026-01-01T10:00:01Z", "10:00:01.300", ms("10:00:01.300")],
    [
      "a second in the future is the arrival: the node's clock is ahead",
      "2026-01-01T10:00:09Z",
      "10:00:01.300",
      ms("10:00:01.300"),
    ],
    ["microseconds in the future are the arrival", "2026-01-01T10:00:09.000001Z", "10:00:01.300", ms("10:00:01.300")],
    ["none is the arrival", undefined, "10:00:01.300", ms("10:00:01.300")],
    ["nonsense is the arrival", "yesterday", "10:00:01.300", ms("10:00:01.300")],
  ])("%s", (_name, written, arrival, expected) => {
    expect(kubeEventTime(written, ms(arrival))).toBe(expected);
  });

  test("its removal counts from the arrival: an hour after the Event, when it expired", () => {
    expect(objectTime(kubeEvent("e", "2026-01-01T10:00:01Z", { at: at("11:00:01"), change: "DELETED" }))).toBe(ms("11:00:01"));
    expect(objectTime(kubeEvent("e", "2026-01-01T10:00:01Z", { at: at("11:00:01"), change: "LISTED" }))).toBe(ms("10:00:01.999"));
  });
});

test("an object's version counts from its arrival", () => {
  expect(objectTime(object("Pod", "p", { at: at("10:00:00.123") }))).toBe(ms("10:00:00.123"));
});

describe("the time of a log line", () => {
  test("is its own, but never before the line above it", () => {
    const stream = fresh();
    expect(lineTime("2026-01-01T10:00:02.5Z", stream, 0)).toBe(ms("10:00:02.500"));
    expect(lineTime("2026-01-01T10:00:01Z", stream, 0)).toBe(ms("10:00:02.500"));
    expect(lineTime("2026-01-01T12:00:03.123456789+02:00", stream, 0)).toBeCloseTo(ms("10:00:03.123") + 0.456, 3);
  });

  test("is that of the line above when it has none, or the arrival at the very beginning", () => {
    const stream = fresh();
    expect(lineTime(undefined, stream, ms("10:00:05"))).toBe(ms("10:00:05"));
    expect(lineTime(undefined, stream, ms("10:00:09"))).toBe(ms("10:00:05"));
  });

  test("of a block is that of its first line; the stream stands at its latest", () => {
    const stream = fresh();
    const block = log("s", at("10:00:09"), ["2026-01-01T10:00:02Z a", "2026-01-01T10:00:05Z b", "", "2026-01-01T10:00:04Z c"]);
    expect(measureBlock(block, stream)).toMatchObject({ time: ms("10:00:02"), lines: 4 });
    expect(stream.latest).toBe(ms("10:00:05"));
    expect(measureBlock(log("s", at("10:00:09"), ["2026-01-01T10:00:03Z d"]), stream)).toMatchObject({
      time: ms("10:00:05"),
      lines: 1,
      isDated: true,
    });
  });
});
