/** Each known bug, put back into Faro: a test has to notice. `npm run mutations`, `npm run mutations -- part-of-a-name`. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BUGS } from "./index.ts";
import { tryMutation } from "./killer.ts";

const ROOT = join(import.meta.dirname, "../..");

describe.concurrent.each(Object.entries(BUGS))("%s", (_area, bugs) => {
  test.each(bugs.map((bug) => [bug.name, bug] as const))("%s", async (_name, bug) => {
    const verdict = await tryMutation(bug, ROOT);
    expect(verdict, bug.story).toMatchObject({ verdict: "killed" });
    if (verdict.verdict === "killed") process.stdout.write(`killed ${bug.name}\n    by ${verdict.by}\n`);
  });
});
