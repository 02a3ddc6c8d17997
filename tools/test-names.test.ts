import { expect, test } from "vitest";
import { testNames } from "./test-names.ts";

test("names of tests are read with the groups that they are in, tables as they are written", () => {
  const source = `
import { describe, it, test } from "vitest";
test("alone", () => {});
describe("outer", () => {
  it('inner', async () => { notes.test("no test"); });
  describe.each([1, 2])("over %s", () => {
    test.each([
      ["a", ")("],
    ])("row $name of \`ticks\`", () => {});
  });
  test.skipIf(process.platform === "win32")(\`has \${count} parts\`, () => {});
});`;
  expect(testNames(source, "x.test.ts")).toEqual([
    "alone",
    "outer › inner",
    "outer › over %s › row $name of `ticks`",
    "outer › has ${count} parts",
  ]);
});
