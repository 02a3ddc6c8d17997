import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { storyJsonSchema } from "./schema.ts";

const FILE = new URL("../../schema/story.v1.json", import.meta.url);

/** `FARO_UPDATE=1 npx vitest run src/story/schema.test.ts` writes the file. */
test("the published schema is the one that the types stand for", async () => {
  const text = `${JSON.stringify(storyJsonSchema(), undefined, 2)}\n`;
  if (process.env["FARO_UPDATE"] === "1") await writeFile(FILE, text);
  expect(await readFile(FILE, "utf8")).toBe(text);
});

test("it allows fields that are added later, everywhere", () => {
  expect(JSON.stringify(storyJsonSchema())).not.toContain('"additionalProperties":false');
});
