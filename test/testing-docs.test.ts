/** docs/testing.md: its examples run, and it names everything that `faro/testing` exports. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as testing from "../src/testing.ts";

const text = readFileSync(join(import.meta.dirname, "../docs/testing.md"), "utf8");
const examples = [...text.matchAll(/^## (.*)$|```js\n([\s\S]*?)```/gm)].reduce<readonly (readonly [string, string])[]>(
  (found, [, heading, code]) =>
    heading === undefined ? [...found.slice(0, -1), [found.at(-1)?.[0] ?? "", code ?? ""]] : [...found, [heading, ""]],
  [],
);

describe("the examples of docs/testing.md", () => {
  test.each(examples.filter(([, code]) => code !== ""))("%s", async (_heading, code) => {
    const body = code
      .replace(/import (\{[^}]*\}) from "faro\/testing";/, "const $1 = testing;")
      .replace('import assert from "node:assert/strict";', "");
    const AsyncFunction: new (...parts: string[]) => (...values: unknown[]) => Promise<void> =
      Object.getPrototypeOf(run).constructor;
    await expect(new AsyncFunction("testing", "assert", body)(testing, assert)).resolves.toBeUndefined();
  });
});

async function run(): Promise<void> {}

test("docs/testing.md names everything that faro/testing exports", () => {
  expect(Object.keys(testing).filter((name) => !text.includes(`\`${name}`) && !new RegExp(`\\b${name}\\b`).test(text))).toEqual(
    [],
  );
});
