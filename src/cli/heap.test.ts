import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";
import { isBrief, keepHeapSmall } from "./heap.ts";

const LIVE = 20_000;
const ROUNDS = 15;

test.each([
  ["record", false],
  ["--resource=v1/Pod", false],
  ["serve", false],
  [undefined, false],
  ["story", true],
])("faro %s ends soon: %s", (command, expected) => expect(isBrief(command)).toBe(expected));

test("a heap whose objects are replaced all the time takes little more than they do", () => {
  keepHeapSmall();
  const before = process.memoryUsage().heapTotal;
  const live: unknown[] = [];
  let peak = 0;
  for (let made = 0; made < LIVE * ROUNDS; made++) {
    live[made % LIVE] = Array.from({ length: 120 }, (_, at) => made + at);
    if (made % 1_000 === 0) peak = Math.max(peak, process.memoryUsage().heapTotal);
  }
  // 20 MB are alive.
  expect((peak - before) / 2 ** 20).toBeLessThan(45);
  expect(live).toHaveLength(LIVE);
});

test("the young generation is four times as large as V8 begins it, and stays so", async () => {
  const bundle = await rolldown({ input: fileURLToPath(new URL("./heap.ts", import.meta.url)), platform: "node" });
  const { output } = await bundle.generate();
  const source = `${output[0].code}
    keepHeapSmall();
    const grown = youngBytes();
    const kept = Array.from({ length: 400_000 }, (_, at) => [at]);
    console.log(JSON.stringify([grown, youngBytes(), kept.length]));`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", source], { encoding: "utf8" });
  expect(JSON.parse(run.stdout)).toEqual([8 << 20, 8 << 20, 400_000]);
});
