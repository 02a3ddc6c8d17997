import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { LogTurns } from "./log-turns.ts";

const MB = 1 << 20;

describe("a flood of log lines (item 106)", () => {
  test("lets everything else have its turn after every megabyte", async () => {
    const clock = new VirtualClock();
    const turns = new LogTurns({ clock, unwrittenBytes: () => 0, durable: () => Promise.resolve() });
    let taken = 0;
    const flood = (async () => {
      for (; taken < 40; taken++) await turns.take(MB / 4);
    })();
    for (let round = 0; round < 20; round++) await turn();
    expect(taken).toBeLessThan(5);
    await clock.advance(1);
    await flood;
    expect(taken).toBe(40);
  });

  test("waits while its part of the memory is full, and takes no more than one batch of each container beyond it", async () => {
    let unwritten = 0;
    let write: () => void = () => undefined;
    const durable = (): Promise<void> =>
      new Promise((resolve) => {
        write = () => {
          unwritten = 0;
          resolve();
        };
      });
    const clock = new VirtualClock();
    const turns = new LogTurns({ clock, unwrittenBytes: () => unwritten, durable });
    const taken: number[] = [];
    const containers = [0, 1, 2].map(async (container) => {
      for (let batch = 0; batch < 8; batch++) {
        await turns.take(MB / 2);
        unwritten += 3 * MB;
        taken.push(container);
      }
    });
    await clock.advance(10);
    const before = taken.length;
    expect(unwritten).toBeLessThan(8 * MB + 3 * 3 * MB);
    expect(before).toBeLessThan(8);
    for (let round = 0; round < 30; round++) {
      write();
      await clock.advance(10);
    }
    await Promise.all(containers);
    expect(taken).toHaveLength(24);
  });
});
