import * as fc from "fast-check";
import { expect, test } from "vitest";
import { JsonWriter } from "./json-writer.ts";

const values = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ maxLength: 300 }),
  fc.double(),
  fc.integer(),
  fc.maxSafeNat(),
  fc.jsonValue(),
  fc.dictionary(fc.string({ unit: "binary" }), fc.constantFrom(undefined, -0, 10, 1e21, 999, "a")),
  fc.array(fc.constantFrom(undefined, "ž", null, -1)),
);

test("writes any values one behind the other as JSON.stringify does, in memory that is used again", () => {
  const writer = new JsonWriter();
  fc.assert(
    fc.property(fc.array(values, { maxLength: 4 }), (drawn) => {
      writer.begin("<");
      for (const value of drawn) writer.value(value);
      writer.plain(">");
      expect(writer.written.toString()).toBe(`<${drawn.map((value) => JSON.stringify(value)).join("")}>`);
      expect(writer.written).toHaveLength(writer.length);
    }),
    { numRuns: 1_000 },
  );
});

test("writes the members of an object without one of them", () => {
  const writer = new JsonWriter();
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }), values), (object) => {
      writer.begin("{");
      writer.members({ raw: 1, ...object }, "raw");
      writer.plain("}");
      const { raw: _, ...others } = object;
      expect(writer.written.toString()).toBe(JSON.stringify(others));
    }),
  );
});

test.each([0, 9, 10, 99, 100, 999_999_999_999_999, 10 ** 15, Number.MAX_SAFE_INTEGER])("writes %d digit by digit", (value) => {
  const writer = new JsonWriter();
  writer.begin("");
  writer.value(value);
  expect(writer.written.toString()).toBe(String(value));
});

test("writes long texts as JSON.stringify does, whatever stands at whichever place of them", () => {
  const writer = new JsonWriter();
  const odd = [
    "\n",
    "\t",
    "\b",
    "\f",
    "\r",
    '"',
    "\\",
    "\0",
    "\u001f",
    "\u007f",
    "é",
    "€",
    "𝄞",
    "\ud834",
    "\udd1e",
    "\ufffd",
    "\u2028",
  ];
  const part = fc.oneof(
    fc.constantFrom(...odd),
    fc.integer({ min: 1, max: 300 }).map((length) => "x".repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 20, maxLength: 80 }), fc.integer({ min: 0, max: 9_000 }), (parts, before) => {
      const text = "a".repeat(before) + parts.join("");
      writer.begin("");
      writer.value({ text });
      expect(writer.written.toString()).toBe(JSON.stringify({ text }));
    }),
    { numRuns: 300 },
  );
  for (let code = 0; code < 0x100; code++) {
    const text = String.fromCharCode(code).repeat(300);
    writer.begin("");
    writer.value(text);
    expect(writer.written.toString()).toBe(JSON.stringify(text));
  }
  const text = 'a\n"'.repeat(500_000);
  writer.begin("");
  writer.value(text);
  expect(writer.written.toString()).toBe(JSON.stringify(text));
});
