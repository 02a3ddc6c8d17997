import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LinePieces } from "./line-pieces.ts";

/** What comes out for a body that arrives in these chunks: lines, with a mark behind each piece that goes on. */
function cut(chunks: readonly Buffer[], maxBytes?: number): { lines: Buffer[]; continued: boolean[]; rest: Buffer } {
  const pieces = new LinePieces(maxBytes);
  const lines: Buffer[] = [];
  const continued: boolean[] = [];
  for (const chunk of chunks) {
    for (const { lines: some, continues } of pieces.push(chunk)) {
      lines.push(...some);
      continued.push(...[...some].map((_, at) => continues && at === some.length - 1));
    }
  }
  return { lines, continued, rest: pieces.rest() };
}

function chunked(body: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((at) => at % (body.length + 1)).sort((a, b) => a - b), body.length];
  return places.slice(1).map((end, at) => body.subarray(places[at] ?? 0, end));
}

test("only a newline ends a line: carriage returns, zero bytes, invalid UTF-8 and empty lines are kept", () => {
  const body = Buffer.from([0x61, 0x0d, 0x0a, 0x0a, 0x00, 0xff, 0xfe, 0x0a, 0x0d, 0x62]);
  const { lines, rest } = cut([body]);
  expect(lines).toEqual([Buffer.from("a\r"), Buffer.alloc(0), Buffer.from([0x00, 0xff, 0xfe])]);
  expect(rest).toEqual(Buffer.from("\rb"));
});

describe("long lines", () => {
  test.each([16_383, 16_384, 16_385, 5 << 20, 16 << 20])("of %d bytes come whole", (bytes) => {
    const long = Buffer.alloc(bytes, "x");
    const { lines, continued } = cut(chunked(Buffer.concat([long, Buffer.from("\nb\n")]), [65_536, 131_072, 1 << 20]));
    expect(lines.map((line) => line.length)).toEqual([bytes, 1]);
    expect(lines[0]?.equals(long)).toBe(true);
    expect(continued).toEqual([false, false]);
  });

  test("beyond 16 MiB come in pieces that give the line when joined", () => {
    const long = Buffer.alloc((40 << 20) + 5, "0123456789abcde ");
    const { lines, continued } = cut(chunked(Buffer.concat([long, Buffer.from("\nb\n")]), [1 << 20, 33 << 20]));
    expect(continued).toEqual([true, true, false, false]);
    expect(Buffer.concat(lines.slice(0, 3)).equals(long)).toBe(true);
  });

  test("are cut behind white space where there is some, else between characters", () => {
    expect(cut([Buffer.from("aaaaaaa bbbb\n")], 10).lines.map(String)).toEqual(["aaaaaaa bb", "bb"]);
    expect(cut([Buffer.from("aaaaaaaaa bbbb\n")], 10).lines.map(String)).toEqual(["aaaaaaaaa ", "bbbb"]);
    expect(cut([Buffer.from("aaaaaaaaaébbb\n")], 10).lines.map(String)).toEqual(["aaaaaaaaa", "ébbb"]);
  });

  test("property: bytes are kept, and pieces do not depend on the chunks that they came in", () => {
    const bytes = fc
      .uint8Array({ maxLength: 200 })
      .map((array) => Buffer.from(array.map((byte) => (byte % 11 === 0 ? 0x0a : byte))));
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(200), { maxLength: 6 }), fc.integer({ min: 8, max: 40 }), (body, cuts, maxBytes) => {
        const whole = cut([body], maxBytes);
        const { lines, continued, rest } = cut(chunked(body, cuts), maxBytes);
        expect(lines).toEqual(whole.lines);
        const joined = lines.flatMap((line, at) => (continued[at] === true ? [line] : [line, Buffer.from("\n")]));
        expect(Buffer.concat([...joined, rest])).toEqual(body);
      }),
      { numRuns: 500 },
    );
  });
});
