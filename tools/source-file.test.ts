import { describe, expect, it } from "vitest";
import { readSource } from "./source-file.ts";

describe("what a source file imports", () => {
  it.each([
    ['import { a } from "../base/index.ts";', "../base/index.ts", false],
    ['import type { A } from "../base/index.ts";', "../base/index.ts", true],
    ['export { a } from "./a.ts";', "./a.ts", false],
    ['export type { A } from "./a.ts";', "./a.ts", true],
    ['export * from "./a.ts";', "./a.ts", false],
    ['const a = await import("zod");', "zod", false],
    ['export type A = import("./a.ts").A;', "./a.ts", true],
  ])("%s", (text, from, typeOnly) => {
    expect(readSource(text, "x.ts").imports).toEqual([{ from, typeOnly, line: 1 }]);
  });

  it("does not count what a comment or a string says", () => {
    expect(readSource('// import "zod"\nconst a = \'import "zod"\'; export { a };', "x.ts").imports).toEqual([]);
  });
});

describe("what a source file may not hold", () => {
  it.each([
    ["enum A { B }", "enum"],
    ["export default 1;", "default export"],
    ["let a: any;", "any"],
    ["let a = b!;", "non-null assertion (!)"],
    ["try { a(); } catch {}", "empty catch"],
    ["it.skip('x', () => {});", "a skipped, focused or unfinished test"],
    ["// FIX" + "ME: later", "FIX" + "ME"],
  ])("%s", (text, what) => {
    expect(readSource(text, "x.ts").banned.map((finding) => finding.what)).toEqual([what]);
  });

  it("accepts a catch that names its reason", () => {
    expect(readSource("try { a(); } catch {\n  // the file may be gone already\n}", "x.ts").banned).toEqual([]);
  });
});

describe("where a source file touches the process", () => {
  it.each([
    ["Date.now();", "Date.now"],
    ["new Date();", "new Date()"],
    ["Math.random();", "Math.random"],
    ["setTimeout(f, 1);", "setTimeout"],
    ["process.env.HOME;", "process.env"],
    ["process.exit(1);", "process.exit"],
    ["console.log(1);", "console.log"],
  ])("%s", (text, what) => {
    expect(readSource(text, "x.ts").touchesProcess.map((finding) => finding.what)).toEqual([what]);
  });

  it("lets a date be made from a number, and knows a listening server", () => {
    expect(readSource("new Date(0); clearTimeout(t);", "x.ts").touchesProcess).toEqual([]);
    expect(readSource('import "node:http"; server.listen(0);', "x.ts").listens).toHaveLength(1);
    expect(readSource("statusStream.listen();", "x.ts").listens).toEqual([]);
  });
});
