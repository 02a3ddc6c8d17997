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
