/** `docs/protocol-rules.md` is true: every rule is there once, and every test that it names exists under exactly that name. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { testNames } from "../tools/test-names.ts";

/** The numbers of the rules that the table has to hold, first and last of each run. */
const RULES: readonly (readonly [first: number, last: number])[] = [[1, 115]];
const ROOT = join(import.meta.dirname, "..");

interface Row {
  readonly number: number;
  readonly rule: string;
  /** File and test. Empty for a rule that does not apply. */
  readonly proofs: readonly (readonly [file: string, name: string])[];
  readonly why: string;
}

const rows = readFileSync(join(ROOT, "docs/protocol-rules.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| \d/.test(line))
  .map(readRow);

function readRow(line: string): Row {
  const [number = "", rule = "", cell = ""] = line
    .split("|")
    .slice(1, -1)
    .map((part) => part.trim());
  const proofs = cell.split("<br>").flatMap((proof) => {
    const [, file, name] = /^`([^`]+)`: (.+)$/.exec(proof) ?? [];
    return file === undefined || name === undefined ? [] : [[file, name] as const];
  });
  return { number: Number(number), rule, proofs, why: proofs.length === 0 ? cell : "" };
}

const namesIn = new Map<string, readonly string[]>();
function namesOf(file: string): readonly string[] {
  const names =
    namesIn.get(file) ?? (existsSync(join(ROOT, file)) ? testNames(readFileSync(join(ROOT, file), "utf8"), file) : []);
  namesIn.set(file, names);
  return names;
}

describe("the table of rules", () => {
  test("has every number once, in order", () => {
    const wanted = RULES.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index));
    expect(rows.map(({ number }) => number)).toEqual(wanted);
  });

  test("says each rule in twenty words or fewer, and why one without a test does not apply", () => {
    expect(rows.filter(({ rule }) => !/^[A-Z0-9].*\.$/.test(rule) || rule.split(" ").length > 20)).toEqual([]);
    expect(rows.filter(({ proofs, why }) => proofs.length === 0 && !/^Does not apply: .{20,}\.$/.test(why))).toEqual([]);
  });

  test("names tests that there are, by exactly their names", () => {
    const gone = rows.flatMap(({ number, proofs }) =>
      proofs.filter(([file, name]) => !namesOf(file).includes(name)).map(([file, name]) => `${number}: ${file}: ${name}`),
    );
    expect(gone).toEqual([]);
  });
});
