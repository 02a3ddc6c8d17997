import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BUGS, MUTATIONS } from "./index.ts";
import { placesOf } from "./mutation.ts";

const ROOT = join(import.meta.dirname, "../..");
const MARK = "<!-- table -->\n\n";

test.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))(
  "%s applies in exactly one place",
  (_name, mutation) => {
    expect(placesOf(mutation, ROOT).map(({ file }) => file)).toHaveLength(1);
    expect(mutation.replace).not.toBe(mutation.find);
  },
);

test("each bug has a name of its own, and a story", () => {
  expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
  expect(MUTATIONS.filter(({ story }) => !/^[A-Z`].{30,}\.$/s.test(story)).map(({ name }) => name)).toEqual([]);
});

test("docs/known-bugs.md tells all of them", () => {
  const file = join(ROOT, "docs/known-bugs.md");
  const [introduction, table] = readFileSync(file, "utf8").split(MARK);
  if (process.env["FARO_UPDATE"] !== undefined) writeFileSync(file, `${introduction}${MARK}${renderTable()}`);
  else expect(table).toBe(renderTable());
});

/** One section per area, as the formatter leaves it. */
function renderTable(): string {
  const sections = Object.entries(BUGS).map(([area, bugs]) => {
    const rows = bugs.map(({ name, story }) => `- \`${name}\`: ${story}\n`);
    return `## ${area}\n\n${rows.join("")}`;
  });
  return sections.join("\n");
}
