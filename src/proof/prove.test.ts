/** A short set of what `npm run prove` runs by the thousand. */
import { expect, test } from "vitest";
import { prove } from "./prove.ts";
import { judge } from "./oracles/oracles.ts";
import { runSchedule } from "./run.ts";
import { parseSchedule, scheduleLine } from "./schedule.ts";
import { scheduleOf } from "./generate.ts";

test("random schedules pass with every oracle", async () => {
  const { figures, failures } = await prove({ seed: 1_000, schedules: 30 });
  expect(failures.map(({ seed, violations }) => ({ seed, violations }))).toEqual([]);
  expect(figures.schedules).toBe(30);
  expect(figures.gaps).toBeGreaterThan(0);
  expect(figures.versions).toBeGreaterThan(300);
});

test("a schedule runs from its line as from its seed", async () => {
  const schedule = scheduleOf(1_001);
  const [one, other] = [await runSchedule(schedule), await runSchedule(parseSchedule(scheduleLine(schedule)))];
  expect(judge(one)).toEqual([]);
  expect(other.records.map(({ type, seq, at }) => [type, seq, at])).toEqual(
    one.records.map(({ type, seq, at }) => [type, seq, at]),
  );
});
