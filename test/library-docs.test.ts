/** docs/library.md: its examples run on a recording that comes with Faro, and print what they promise. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as faro from "../src/index.ts";

const ROOT = join(import.meta.dirname, "..");
const EXAMPLES = [...readFileSync(join(ROOT, "docs/library.md"), "utf8").matchAll(/```js\n([\s\S]*?)```/g)].map(
  ([, code]) => code ?? "",
);
/** What each of them prints, among other things. */
const PRINTS = [
  ["checkout complete 32", /^2026-\S+ BackOff$/m],
  [/^checkout-5744869c68-pzd9x 1 gone$/m, "6 look like trouble"],
  [/^278 \{/m, "testbed.local/box:2"],
  [/^2026-\S+ MODIFIED Pod checkout-\S+ \d{4}$/m],
  ["Deployment/checkout complete"],
] as const;

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "faro-library-"));
  cpSync(join(ROOT, "examples/recordings/bad-rollout"), join(directory, "output"), { recursive: true });
  mkdirSync(join(directory, "stories"));
  await faro.rebuildStories({ output: join(directory, "output") });
});
afterAll(() => rmSync(directory, { recursive: true }));

test.each(EXAMPLES.map((code, at) => [code.split("\n")[0] ?? "", at] as const))("%s (%i)", async (_, at) => {
  const body = (EXAMPLES[at] ?? "")
    .replace(/import (\{[^}]*\}) from "faro";/, "const $1 = faro;")
    .replaceAll('"./', `"${directory}/`);
  const printed: string[] = [];
  const print = (...values: readonly unknown[]): void =>
    void printed.push(values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" "));
  const AsyncFunction: new (...parts: string[]) => (...values: unknown[]) => Promise<void> =
    Object.getPrototypeOf(run).constructor;
  await new AsyncFunction("faro", "console", body)(faro, {
    log: print,
    error: (...values: readonly unknown[]) => expect.fail(String(values)),
  });
  for (const expected of PRINTS[at] ?? [/nothing is said of this example/]) expect(printed.join("\n")).toMatch(expected);
});

async function run(): Promise<void> {}
