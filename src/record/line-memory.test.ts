import { expect, test } from "vitest";
import { LineMemory } from "./line-memory.ts";

test("a line that comes in parts is gathered, whatever its length", () => {
  const memory = new LineMemory();
  for (let part = 0; part < 100; part++) memory.add(Buffer.alloc(1_000, part));
  expect(memory.line).toHaveLength(100_000);
  for (let part = 0; part < 100; part++) expect(memory.line[part * 1_000 + 999]).toBe(part);
});

test("the next line takes the memory of the one before it", () => {
  const memory = new LineMemory();
  memory.add(Buffer.from("first"));
  const { buffer } = memory.line;
  memory.clear();
  memory.add(Buffer.from("2nd"));
  expect(memory.line.toString()).toBe("2nd");
  expect(memory.line.buffer).toBe(buffer);
});
