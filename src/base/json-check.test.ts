import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endOfValue } from "./json-check.ts";

/** What `JSON.parse` says of the whole text. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Space around a value belongs to no value. */
function isAccepted(bytes: Buffer): boolean {
  const text = bytes.toString();
  const lead = text.length - text.replace(/^[ \n\r\t]+/, "").length;
  const end = endOfValue(bytes, lead);
  return end !== -1 && /^[ \n\r\t]*$/.test(bytes.toString("utf8", end));
}

const texts = fc.json({ maxDepth: 6 });

describe("the end of a JSON value", () => {
  it.each([
    ["{}", 2],
    ["[] ]", 2],
    ['{"a":[1,-0.5e+7,"\\u00e9\\"",true,false,null]},', 44],
    ["12,", 2],
    ['"a"b', 3],
  ])("of %s is at byte %i", (text, end) => {
    expect(endOfValue(Buffer.from(text), 0)).toBe(end);
  });

  it.each([
    "",
    "{",
    "[1,]",
    '{"a":1,}',
    "01x",
    "-",
    "1.",
    "1e",
    "+1",
    "tru",
    '"\n"',
    '"\\x"',
    '"\\u12g4"',
    "{a:1}",
    "[1}",
    '{"a" 1}',
  ])("is refused for %j as JSON.parse refuses it", (text) => {
    expect(isJson(text) || isAccepted(Buffer.from(text))).toBe(false);
  });

  it("is found in every text that JSON.parse takes, with and without space", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 3 }), (text, indent) => {
        const spaced = Buffer.from(JSON.stringify(JSON.parse(text), undefined, indent));
        expect(endOfValue(spaced, 0)).toBe(spaced.length);
      }),
    );
  });

  it("agrees with JSON.parse on texts in which bytes were changed, taken out or cut off", () => {
    const damage = fc.record({
      at: fc.nat(),
      byte: fc.integer({ min: 0, max: 255 }),
      how: fc.constantFrom("change", "remove", "cut", "add"),
    });
    fc.assert(
      fc.property(texts, fc.array(damage, { minLength: 1, maxLength: 3 }), (text, damages) => {
        let bytes = Buffer.from(text);
        for (const { at, byte, how } of damages) {
          const place = at % Math.max(1, bytes.length);
          const rest = bytes.subarray(how === "add" ? place : place + 1);
          const middle = how === "change" || how === "add" ? [byte] : [];
          bytes = how === "cut" ? bytes.subarray(0, place) : Buffer.concat([bytes.subarray(0, place), Buffer.from(middle), rest]);
        }
        expect(isAccepted(bytes)).toBe(isJson(bytes.toString()));
      }),
      { numRuns: 2_000 },
    );
  });

  it("leaves what is too deep to the parser", () => {
    const deep = (depth: number): Buffer => Buffer.from("[".repeat(depth) + "]".repeat(depth));
    expect(endOfValue(deep(512), 0)).toBe(1_024);
    expect(endOfValue(deep(514), 0)).toBe(-1);
  });
});
