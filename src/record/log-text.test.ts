import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lineInstantAt, parseTimestamp, splitLogLine } from "./log-text.ts";

describe("splitLogLine", () => {
  test.each([
    ["2025-08-07T10:00:00.123456789Z hello", "2025-08-07T10:00:00.123456789Z", "hello"],
    ["2025-08-07T10:00:00Z hello world", "2025-08-07T10:00:00Z", "hello world"],
    ["2025-08-07T10:00:00.5+01:30  two spaces", "2025-08-07T10:00:00.5+01:30", " two spaces"],
    ["2025-08-07T10:00:00.1-07:00 ", "2025-08-07T10:00:00.1-07:00", ""],
    ["2025-08-07T10:00:00.1Z \r\0", "2025-08-07T10:00:00.1Z", "\r\0"],
    ["2025-08-07T10:00:00Z", undefined, "2025-08-07T10:00:00Z"],
    ["2025-08-07T10:00:00 no zone", undefined, "2025-08-07T10:00:00 no zone"],
    ["failed to open log file 2025-08-07T10:00:00Z", undefined, "failed to open log file 2025-08-07T10:00:00Z"],
    ["", undefined, ""],
    [" ", undefined, " "],
  ])("takes %j apart, as text and as bytes", (line, timestamp, message) => {
    expect(splitLogLine(line)).toEqual(timestamp === undefined ? { message } : { timestamp, message });
    const bytes = splitLogLine(Buffer.from(line));
    expect(bytes.timestamp).toBe(timestamp);
    expect(bytes.message.toString()).toBe(message);
  });

  test("keeps bytes that are no UTF-8", () => {
    const line = Buffer.concat([Buffer.from("2025-08-07T10:00:00Z "), Buffer.from([0xff, 0xfe])]);
    expect([...splitLogLine(line).message]).toEqual([0xff, 0xfe]);
  });
});

describe("parseTimestamp", () => {
  test.each([
    ["1970-01-01T00:00:00Z", 0],
    ["1970-01-01T00:00:00.000001Z", 0.001],
    ["1970-01-01T01:00:00.5+01:00", 500],
    ["1969-12-31T23:00:00-01:00", 0],
    ["1970-01-01T00:00:00.999999999Z", 999.999],
    ["yesterday", undefined],
    ["", undefined],
    ["2025-08-07", undefined],
  ])("reads %j", (text, ms) => {
    expect(parseTimestamp(text)).toBe(ms);
  });

  test("keeps microseconds of a present-day time apart", () => {
    const a = parseTimestamp("2025-08-07T10:00:00.123456Z") ?? 0;
    const b = parseTimestamp("2025-08-07T10:00:00.123457Z") ?? 0;
    expect(b - a).toBeGreaterThan(0);
    expect(Math.round((a % 1) * 1000)).toBe(456);
  });

  test("reads many lines of one minute as it reads each of them alone", () => {
    const fraction = fc.stringMatching(/^(\.[0-9x]{0,10})?$/);
    const zone = fc.constantFrom("Z", "z", "+01:00", "", "ZZ");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99 }), fraction, zone, (second, digits, end) => {
        const text = `2025-08-07T10:59:${String(second).padStart(2, "0")}${digits}${end}`;
        parseTimestamp("1999-01-01T00:00:00Z");
        const alone = parseTimestamp(text);
        parseTimestamp("2025-08-07T10:59:00Z");
        expect(parseTimestamp(text)).toBe(alone);
        expect(splitLogLine(`${text} x`).timestamp).toBe(alone === undefined ? undefined : text);
      }),
    );
  });

  test("agrees with Date.parse on every time with milliseconds", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date("2099-01-01"), noInvalidDate: true }), (date) => {
        expect(parseTimestamp(date.toISOString())).toBeCloseTo(date.getTime(), 3);
      }),
    );
  });
});

test("the time of a line within a text is the one that is read when the line is taken out", () => {
  const time = fc.record({
    date: fc.constantFrom("2025-08-07T10:59:", "2025-08-07T11:00:", "1999-01-01t00:00:", "no time "),
    second: fc.stringMatching(/^[0-9]{0,2}$/),
    fraction: fc.stringMatching(/^(\.[0-9x]{0,10})?$/),
    zone: fc.constantFrom("Z", "Z", "+01:00", "", " "),
    text: fc.constantFrom("", " ", " x", " \u20ac 2025-08-07T10:59:00Z y", "2025-08-07T10:59:00Z", "x".repeat(50)),
  });
  const aLine = time.map(({ date, second, fraction, zone, text }) => `${date}${second}${fraction}${zone}${text}`);
  fc.assert(
    fc.property(fc.array(aLine, { minLength: 1, maxLength: 8 }), (lines) => {
      const text = lines.join("\n");
      let start = 0;
      for (const line of lines) {
        const { timestamp } = splitLogLine(line);
        const alone = timestamp === undefined ? undefined : parseTimestamp(timestamp);
        expect(lineInstantAt(text, start, start + line.length)).toBe(alone);
        start += line.length + 1;
      }
    }),
    { numRuns: 1_000 },
  );
});
