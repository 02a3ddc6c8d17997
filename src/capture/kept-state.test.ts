import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { RecordingMark } from "../archive/index.ts";
import { KeptState } from "./kept-state.ts";
import { StatusHub } from "./status-hub.ts";

/** A run that records 1 MB between two looks at its clock, each second; to put its state together takes `stallMs`. */
function run(stallMs: number) {
  let [now, bytes] = [0, 0];
  const saved: number[] = [];
  const kept = new KeptState({
    clock: { monotonic: () => now },
    writer: {
      get bytes() {
        return bytes;
      },
      mark: (lastSeq): RecordingMark => ({ position: bytes, lastSeq, recorded: bytes, lines: 0, checksums: "" }),
      saveState: async (_mark, pieces) => {
        for (const _ of pieces) saved.push(now);
      },
    },
    lastSeq: () => 1,
    pack: () => {
      now += stallMs;
      return [Buffer.alloc(100)];
    },
    hub: new StatusHub(),
    everyBytes: 1 << 20,
    from: undefined,
  });
  return {
    saved,
    kept,
    seconds: async (count: number) => {
      for (let second = 0; second < count; second++) {
        now += 1_000;
        bytes += 1 << 20;
        kept.tick();
        await turn();
      }
    },
  };
}

test("a state is kept whenever enough was recorded, while that takes no time", async () => {
  const { saved, seconds } = run(0);
  await seconds(10);
  expect(saved).toHaveLength(10);
});

test("one that takes its time is put together in one part of two hundred of the time", async () => {
  const { saved, seconds } = run(50);
  await seconds(35);
  expect(saved).toEqual([1_050, 11_100, 21_150, 31_200]);
});

test("one in which a recorder would stand still for long is kept at its end alone", async () => {
  const { saved, kept, seconds } = run(1_001);
  await seconds(1_000);
  expect(saved).toHaveLength(1);
  await kept.close();
  expect(saved).toHaveLength(2);
});
