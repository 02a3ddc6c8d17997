import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LineBlock } from "./line-block.ts";
import { inBandLineOf, lineSecond, millisecondsOf, SecondReader } from "./log-line.ts";
import { hashLine, hashOf } from "./recent-lines.ts";

/** Lines of any bytes but a newline, short ones most of all, so that places and ends of lines fall together in many ways. */
const aLine = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0a)));
const aLog = fc.array(aLine, { minLength: 1, maxLength: 40 });

function splitPlainly(bytes: Buffer): Buffer[] {
  return bytes
    .toString("latin1")
    .split("\n")
    .map((line) => Buffer.from(line, "latin1"));
}

test("property: cut out of bytes or put together, a block holds the lines that a split at newlines gives", () => {
  fc.assert(
    fc.property(aLog, fc.nat(45), (lines, count) => {
      const bytes = Buffer.from(lines.map((line) => line.toString("latin1")).join("\n"), "latin1");
      for (const block of [LineBlock.cut(bytes), LineBlock.of(lines)]) {
        expect(block.bytes).toEqual(bytes);
        expect(block).toHaveLength(lines.length);
        expect([...block]).toEqual(splitPlainly(bytes));
        expect([block.at(0), block.at(-1), block.at(lines.length)]).toEqual([lines[0], lines.at(-1), undefined]);
        expect([...block.first(count)]).toEqual(lines.slice(0, count));
        expect(block.first(count).bytes).toEqual(LineBlock.of(lines.slice(0, count)).bytes);
      }
    }),
  );
});

test("a block of more lines than were met before holds each of them", () => {
  const lines = Array.from({ length: 10_000 }, (_, at) => Buffer.from(`line ${at}`));
  const block = LineBlock.cut(LineBlock.of(lines).bytes);
  expect([...block]).toEqual(lines);
});

test("a block without a line has no bytes and no line; one of an empty line has that", () => {
  expect([...LineBlock.of([])]).toEqual([]);
  expect(LineBlock.none.at(0)).toBeUndefined();
  expect([...LineBlock.cut(Buffer.alloc(0))]).toEqual([Buffer.alloc(0)]);
});

const aStamp = fc
  .record({
    second: fc.integer({ min: 0, max: 180 }),
    fraction: fc.constantFrom("", ".", ".1", ".123", ".123456789", ".12x"),
    zone: fc.constantFrom("Z", "Z", "Z", "+01:00", "z", ""),
    end: fc.constantFrom(" ", " text", "", "text", " a\rb"),
  })
  .map(({ second, fraction, zone, end }) => {
    const time = new Date(Date.UTC(2026, 0, 31, 23, 58) + second * 1_000).toISOString().slice(0, 19);
    return Buffer.from(`${time}${fraction}${zone}${end}`);
  });

test("property: a line has the time and the hash in a block that it has alone", () => {
  const lines = fc.array(fc.oneof(aStamp, aStamp, aLine), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(lines, (drawn) => {
      const block = LineBlock.of(drawn);
      const [seconds, alone] = [new SecondReader(), new SecondReader()];
      for (const [at, line] of drawn.entries()) {
        const [start, end] = [block.startOf(at), block.endOf(at)];
        const second = seconds.readAt(block.bytes, start, end);
        expect(second).toBe(alone.read(line));
        if (lineSecond(line) !== undefined) {
          expect(second).toBe(lineSecond(line));
          expect(millisecondsOf(block.bytes, start)).toBe(millisecondsOf(line, 0));
        }
        expect(hashOf(block.bytes, start, end)).toBe(hashLine(line));
      }
    }),
    { numRuns: 500 },
  );
});

test("lines that differ in one byte, or in their length alone, have different hashes", () => {
  const line = Buffer.from("2026-01-01T00:00:00.000000001Z GET /orders 200 17ms");
  const others = Array.from(line.keys()).flatMap((at) => [0x20, 0x41, 0xff].map((byte) => Buffer.from(line.with(at, byte))));
  const zeros = [0, 1, 2, 3, 4, 5, 8].map((length) => Buffer.alloc(length));
  const different = new Set([line, ...others, ...zeros].map((each) => each.toString("latin1")));
  expect(new Set([line, ...others, ...zeros].map(hashLine)).size).toBe(different.size);
});

test("the kubelet's own error is found at its line, and nowhere else", () => {
  const stamped = Buffer.from("2026-01-01T00:00:00.000000001Z failed to open log file");
  const error = Buffer.from('failed to open log file "/var/log/pods/x"');
  expect(inBandLineOf(LineBlock.of([stamped, Buffer.alloc(0), error, stamped]))).toBe(2);
  expect(inBandLineOf(LineBlock.of([stamped, Buffer.from("far"), stamped]))).toBe(-1);
  expect(inBandLineOf(LineBlock.none)).toBe(-1);
});

test("what stands behind a line is none of its time", () => {
  const time = "2026-01-31T23:58:01.123456789Z";
  const block = LineBlock.of(
    [`${time} x`, "2026-01-31T23:58:02.1", "1234567Z x", "2026-01-31T23:58:03Z", " x"].map((line) => Buffer.from(line)),
  );
  const seconds = new SecondReader();
  const read = Array.from({ length: block.length }, (_, at) => seconds.readAt(block.bytes, block.startOf(at), block.endOf(at)));
  const second = Date.parse("2026-01-31T23:58:00Z") / 1_000;
  expect(read).toEqual([second + 1, undefined, undefined, second + 3, undefined]);
});
