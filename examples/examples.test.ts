/** The examples run, and say what their story shows. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { readStory } from "../test/cluster/story.ts";

const STORY = join(import.meta.dirname, "stories/deployment-checkout.json");
const run = promisify(execFile);

it("the story that comes with them follows the published schema", () => {
  expect(readStory(STORY).metadata.resource_name).toBe("checkout");
});

describe("the scripts, on the story that comes with them", () => {
  it.each([
    ["timeline.mjs", /apps\/v1\/Deployment .*checkout, \d+ events/],
    ["timeline.mjs", /kubelet BackOff: Back-off restarting failed container/],
    [
      "why-did-it-crash.mjs",
      /ended with code 3 \(Error\).*image testbed\.local\/box:2\n {2}\| starting\n {2}\| cannot reach the database/,
    ],
    ["how-long-to-ready.mjs", /checkout-\S+: scheduled \+\d+\.\d s, .* ready \+\d+\.\d s/],
    ["is-it-complete.mjs", /^deployment-[-0-9a-f]+: complete\n$/],
  ])("%s prints %s", async (script, expected) => {
    const { stdout, stderr } = await run(process.execPath, [join(import.meta.dirname, script), STORY]);
    expect(stdout).toMatch(expected);
    expect(stderr).toBe("");
  });
});

describe("the YAML files", () => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".yaml"));

  it.each(files)("%s can be read", (name) => {
    const documents = parseAllDocuments(readFileSync(join(import.meta.dirname, name), "utf8"));
    expect(documents.flatMap((document) => document.errors)).toEqual([]);
  });

  it("rbac.yaml grants reading and nothing else", () => {
    const [, role] = parseAllDocuments(readFileSync(join(import.meta.dirname, "rbac.yaml"), "utf8"));
    const granted: { readonly rules: readonly { readonly verbs: readonly string[] }[] } = role?.toJS() ?? { rules: [] };
    const verbs = granted.rules.flatMap((rule) => rule.verbs);
    expect([...new Set(verbs)].toSorted()).toEqual(["get", "list", "watch"]);
  });
});

it("faro.yaml holds only options that there are", async () => {
  const { stdout } = await run(process.execPath, [
    join(import.meta.dirname, "../dist/program/bin.cjs"),
    "config",
    "view",
    `--config=${join(import.meta.dirname, "faro.yaml")}`,
  ]);
  expect(stdout).toContain("apps/v1/StatefulSet");
  expect(stdout).toContain("10m");
});
