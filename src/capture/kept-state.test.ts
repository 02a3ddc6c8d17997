import { setImmediate as turn } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { RecordingMark } from "../archive/index.ts";
import { LongList } from "../base/index.ts";
import { KeptState } from "./kept-state.ts";
import { pack, unpack } from "./pack.ts";
import { Room } from "./room.ts";
import { StatusHub } from "./status-hub.ts";

/** A state is small beside what was recorded. */
const NUMBER_BYTES = 1 << 20;

interface Kept {
  readonly at: number;
  readonly mark: number;
  readonly known: unknown;
}

/** A run that knows the numbers that were recorded. `between`: what happens between two pieces of a state. */
function run({ pauseMs = 0, between = () => {} }: { readonly pauseMs?: number; readonly between?: () => void } = {}) {
  const numbers: number[] = [];
  let [now, changes] = [0, 0];
  const saved: Kept[] = [];
  const room = new Room({ hasRoom: true, room: () => Promise.resolve() });
  const kept = new KeptState({
    clock: {
      monotonic: () => now,
      sleep: async () => {
        now += pauseMs;
        between();
        await turn();
      },
    },
    room,
    writer: {
      get bytes() {
        return numbers.length * NUMBER_BYTES;
      },
      mark: (lastSeq): RecordingMark => {
        const recorded = numbers.length * NUMBER_BYTES;
        return { position: recorded, lastSeq, recorded, lines: 0, checksums: "" };
      },
      saveState: (mark, pieces) => {
        saved.push({ at: now, mark: mark.recorded / NUMBER_BYTES, known: unpack([...pieces]).value });
        return Promise.resolve();
      },
    },
    recorder: {
      lastSeq: 1,
      get changes() {
        return changes;
      },
    },
    pack: () => ({ pieces: pack({ numbers: new LongList(numbers) }, 2), pages: [] }),
    hub: new StatusHub(),
    everyBytes: 4 * NUMBER_BYTES,
    from: undefined,
  });
  const record = (): void => {
    changes++;
    numbers.push(numbers.length);
  };
  return {
    numbers,
    saved,
    kept,
    room,
    record,
    /** Each second four numbers are recorded before the state is looked at. */
    seconds: async (count: number) => {
      for (let second = 0; second < count; second++) {
        now += 1_000;
        for (let number = 0; number < 4; number++) if (!room.isHeld) record();
        if (!room.isHeld) kept.tick();
        for (let turns = 0; turns < 100; turns++) await turn();
      }
    },
  };
}

test("a state is kept whenever enough was recorded, while that takes no time", async () => {
  const { saved, seconds } = run();
  await seconds(3);
  expect(saved.map(({ mark }) => mark)).toEqual([4, 8, 12]);
});

test("one that takes its time is put together in one part of two hundred of the time", async () => {
  const { saved, seconds } = run({ pauseMs: 10 });
  await seconds(25);
  // Each has a piece for what is short, one for every two numbers, and one for the end.
  expect(saved.slice(0, 2).map(({ at }) => at)).toEqual([1_040, 9_240]);
});

test("one that was given up is tried again sooner", async () => {
  let urgent = 2;
  const rig = run({ pauseMs: 10, between: () => urgent-- > 0 && rig.record() });
  await rig.seconds(4);
  // Given up after 10 ms at the first second and at the next one.
  expect(rig.saved.map(({ at }) => at)).toEqual([3_110]);
});

test("one that would hold up a recorder for long is kept at its end alone", async () => {
  const { saved, kept, seconds } = run({ pauseMs: 1_001 });
  await seconds(200);
  expect(saved).toEqual([]);
  await kept.close();
  expect(saved).toHaveLength(1);
});

test("whatever comes while a state is put together, it is what was known at one place of the recording", async () => {
  const arrival = fc.constantFrom("none", "none", "none", "patient", "urgent");
  await fc.assert(
    fc.asyncProperty(fc.array(arrival, { minLength: 1, maxLength: 60 }), async (arrivals) => {
      const coming = [...arrivals];
      const between = (): void => {
        const next = coming.shift();
        if (next === "urgent") rig.record();
        if (next === "patient") void rig.room.free().then(rig.record);
      };
      const rig = run({ between });
      await rig.seconds(6);
      const come = arrivals.slice(0, arrivals.length - coming.splice(0).length).filter((each) => each !== "none");
      expect(rig.numbers.length).toBeGreaterThanOrEqual(come.length);
      await rig.kept.close();
      for (const { mark, known } of rig.saved) expect(known).toEqual({ numbers: rig.numbers.slice(0, mark) });
      expect(rig.saved.at(-1)?.mark).toBe(rig.numbers.length);
    }),
    { numRuns: 50 },
  );
});

test("nothing that can wait is recorded before the last piece", async () => {
  const held: boolean[] = [];
  const rig = run({ between: () => held.push(rig.room.isHeld) });
  await rig.seconds(1);
  expect(held).toEqual([true, true, true, true]);
  expect(rig.room.isHeld).toBe(false);
});
