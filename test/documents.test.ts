/** The documents point at things that are there, and the code blocks name commands that are there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const documents = [
  "README.md",
  "CHANGELOG.md",
  ...markdownBelow("docs"),
  ...markdownBelow("examples"),
  ...markdownBelow("bench"),
  ...markdownBelow("test"),
  ...markdownBelow("src"),
];
const scripts: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).scripts;

describe.each(documents)("%s", (document) => {
  const text = readFileSync(join(ROOT, document), "utf8");

  it("links only to files that there are", () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1] ?? "");
    expect(links.filter((link) => !existsSync(join(ROOT, dirname(document), link)))).toEqual([]);
  });

  it("names only npm scripts that there are", () => {
    const named = [...text.matchAll(/npm run (?:--?\S+ )*([a-z][a-z:]*)/g)].map((match) => match[1] ?? "");
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

it("every decision is in the list of decisions", () => {
  const list = readFileSync(join(ROOT, "docs/adr/README.md"), "utf8");
  const pages = readdirSync(join(ROOT, "docs/adr")).filter((name) => /^\d{4}-/.test(name));
  expect(pages.filter((name) => !list.includes(`(${name})`))).toEqual([]);
});

function markdownBelow(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}
