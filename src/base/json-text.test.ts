import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { elements, findMember, members, skipValue, splice } from "./json-text.ts";

const spans = (text: string): string[] =>
  [...members(Buffer.from(text), 0)].map(({ key, start, end }) => `${key}=${Buffer.from(text).toString("utf8", start, end)}`);

describe("members", () => {
  test("gives every member in order, duplicates and escaped keys included", () => {
    expect(spans('{"a":1,"a" : [1,{"b":"}"}] , "\\u0062":"x\\"y","c":{}}')).toEqual([
      "a=1",
      'a=[1,{"b":"}"}]',
      'b="x\\"y"',
      "c={}",
    ]);
  });

  test("keeps numbers that JSON.parse would change", () => {
    expect(spans('{"a":9007199254740993,"b":1.0,"c":1e400,"d":-0}')).toEqual(["a=9007199254740993", "b=1.0", "c=1e400", "d=-0"]);
  });

  const broken = ['{"a":1', '{"a" 1}', '{"a":}', '{"a":1,}', "{a:1}", '{"a":"x}', '{"a":[1}', "[1]", ""];
  test.each(broken)("refuses %s with the place of the fault", (text) => {
    expect(() => [...members(Buffer.from(text), 0)]).toThrow(/expected .* at byte \d+, found/);
  });
});

test("findMember finds the first of its name, and nothing where there is none", () => {
  const text = Buffer.from('{"b":2,"a":1,"a":3}');
  const found = findMember(text, 0, "a");
  expect(found && text.toString("utf8", found.start, found.end)).toBe("1");
  expect(findMember(text, 0, "c")).toBeUndefined();
});

test("elements gives the elements of an array, and none of an empty one", () => {
  const text = Buffer.from('[ 1 , "two" , [3] ]');
  expect([...elements(text, 0)].map(({ start, end }) => text.toString("utf8", start, end))).toEqual(["1", '"two"', "[3]"]);
  expect([...elements(Buffer.from("[]"), 0)]).toEqual([]);
});

test("splice makes every edit, whatever their order, and leaves the rest byte for byte", () => {
  const text = Buffer.from("0123456789");
  expect(
    splice(text, [
      { start: 8, end: 9, text: "eight" },
      { start: 1, end: 3, text: Buffer.from("-") },
    ]).toString(),
  ).toBe("0-34567eight9");
  expect(splice(text, [])).toBe(text);
});

test("property: the spans of any JSON are the JSON of its parts", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = Buffer.from(JSON.stringify(value, null, indent));
      expect(skipValue(text, 0)).toBe(text.length);
      const again = Object.fromEntries(
        [...members(text, 0)].map(({ key, start, end }) => [key, JSON.parse(text.toString("utf8", start, end)) as unknown]),
      );
      expect(again).toEqual(JSON.parse(text.toString("utf8")));
    }),
  );
});
