import { existsSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FAULTS } from "./faults/catalogue.ts";
import { scheduleOf } from "./generate.ts";
import { describeFault, parseSchedule, type Schedule, scheduleLine } from "./schedule.ts";
import { shrink } from "./shrink.ts";

describe("a schedule", () => {
  test("is the same for the same seed, and is read back from its line as it was", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), (seed) => {
        const schedule = scheduleOf(seed);
        expect(scheduleOf(seed)).toEqual(schedule);
        expect(parseSchedule(scheduleLine(schedule))).toEqual(schedule);
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    "",
    "other-schedule 1,2,3,4,5,6,7 - -",
    "faro-schedule-1 1,2,3 - -",
    "faro-schedule-1 1,1,1,1,1,1,1 dance:0@0#0 -",
    "faro-schedule-1 1,1,1,1,1,1,1 - F999@0+1#1",
  ])("is refused when it cannot be read: %j", (line) => {
    expect(() => parseSchedule(line)).toThrow(SyntaxError);
  });

  test("describes its faults for people", () => {
    expect(describeFault({ fault: "F1", at: 1_200, ms: 3_000, dice: 1 })).toBe(
      "F1 connection reset in the middle of an event at 1.2 s for 3 s",
    );
  });

  test("one in twenty or so is without faults, the others draw every fault that can be played", () => {
    const schedules = Array.from({ length: 3_000 }, (_, seed) => scheduleOf(seed));
    const without = schedules.filter(({ faults }) => faults.length === 0).length;
    expect(without).toBeGreaterThan(75);
    expect(without).toBeLessThan(300);
    const drawn = new Set(schedules.flatMap(({ faults }) => faults.map(({ fault }) => fault)));
    expect(FAULTS.filter(({ runs, id }) => runs === "here" && !drawn.has(id)).map(({ id }) => id)).toEqual([]);
  });
});

describe("the catalogue", () => {
  test("has every fault from F1 to F79 once, in order", () => {
    expect(FAULTS.map(({ id }) => id)).toEqual(Array.from({ length: 79 }, (_, at) => `F${at + 1}`));
  });

  test("names an existing place for each fault that is tested elsewhere", () => {
    const root = join(import.meta.dirname, "../..");
    const lost = FAULTS.filter((fault) => fault.runs === "elsewhere" && !existsSync(join(root, fault.where)));
    expect(lost).toEqual([]);
  });
});

describe("shrinking", () => {
  const needs = (kinds: readonly string[]) => (schedule: Schedule) =>
    Promise.resolve(
      kinds.every(
        (kind) => schedule.faults.some(({ fault }) => fault === kind) || schedule.work.some(({ work }) => work === kind),
      ),
    );

  test("leaves what the failure needs, and nothing else", async () => {
    const schedule = parseSchedule(
      "faro-schedule-1 1,9000,0,5,3,1,5000 create:0@1#1,update:0@2#2,delete:0@3#3,create:1@4#4,event:0@5#5 " +
        "F1@1+9000#1,F22@2+9000#2,F71@3+9000#3",
    );
    const smallest = await shrink(schedule, needs(["F22", "delete"]));
    expect(scheduleLine(smallest)).toBe("faro-schedule-1 1,9000,0,0,0,0,60000 delete:0@3#3 F22@2+1000#2");
  });

  test("gives up after so many tries and keeps what it has", async () => {
    const schedule = scheduleOf(3);
    let tries = 0;
    const smallest = await shrink(schedule, (candidate) => needs(["pause"])(candidate).then((fails) => (tries++, fails)), 5);
    expect(tries).toBeLessThanOrEqual(5);
    expect(smallest.work.length).toBeLessThanOrEqual(schedule.work.length);
  });
});
