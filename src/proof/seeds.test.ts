/**
 * Schedules that found a bug, with what was wrong: `testdata/found-schedules.json`. A failing schedule of `npm run prove` is added
 * there as its line, with its story, and stays.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { judge } from "./oracles/oracles.ts";
import { runSchedule } from "./run.ts";
import { parseSchedule } from "./schedule.ts";

const found = JSON.parse(readFileSync(join(import.meta.dirname, "testdata/found-schedules.json"), "utf8")) as readonly {
  readonly story: string;
  readonly line: string;
}[];

test.each(found)("$story", async ({ line }) => {
  expect(judge(await runSchedule(parseSchedule(line)))).toEqual([]);
});
