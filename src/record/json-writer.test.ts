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
