import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLean, parseObject } from "./lean-json.ts";

const managed = fc.array(fc.record({ manager: fc.string(), fieldsV1: fc.object({ maxDepth: 4 }) }));
const objects = fc.record({
  metadata: fc.record({ name: fc.string(), managedFields: managed }),
  spec: fc.jsonValue(),
});

function outcome(parse: () => unknown): unknown {
  try {
    return { value: parse() };
  } catch {
    return "refused";
  }
}

function withoutManagedFields(value: unknown): string {
  return JSON.stringify(value, (key, member: unknown) => (key === "managedFields" ? undefined : member));
}

describe("a lean parse", () => {
  it("leaves managedFields out and nothing else", () => {
    expect(parseLean(Buffer.from('{"a":1,"metadata":{"managedFields":[{"f:x":{"é":"]\\""}}],"uid":"u"},"b":[2]}'))).toEqual({
      a: 1,
      metadata: { managedFields: [], uid: "u" },
      b: [2],
    });
  });

  it("does not take a text that looks like the member for it", () => {
    const object = { message: '"managedFields":[', list: [1] };
    expect(parseLean(Buffer.from(JSON.stringify(object)))).toEqual(object);
  });

  it("agrees with JSON.parse on whole and on damaged objects", () => {
    const damage = fc.option(fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), isCut: fc.boolean() }));
    fc.assert(
      fc.property(objects, damage, (object, damaged) => {
        let text = Buffer.from(JSON.stringify(object));
        if (damaged !== null) {
          const at = damaged.at % text.length;
          if (damaged.isCut) text = text.subarray(0, at);
          else text[at] = damaged.byte;
        }
        const whole = outcome(() => withoutManagedFields(JSON.parse(text.toString())));
        expect(outcome(() => withoutManagedFields(parseLean(text)))).toEqual(whole);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("an object of a watch", () => {
  const member = '"managedFields":[{"f:x":1}]';
  it("is read whole where it is short, and without managedFields where it is long", () => {
    const short = `{${member},"uid":"u"}`;
    const long = `{${member},"uid":"${"u".repeat(2_048)}"}`;
    expect(parseObject(Buffer.from(short))).toEqual(JSON.parse(short));
    expect(parseObject(Buffer.from(long))).toEqual({ managedFields: [], uid: "u".repeat(2_048) });
  });

  it.each(['{"a":1', '{"managedFields":[1,}'])("that is no JSON is refused: %s", (text) => {
    expect(() => parseObject(Buffer.from(text))).toThrow(SyntaxError);
  });
});
