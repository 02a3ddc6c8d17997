/**
 * Rotation while the kubelet's reader is held up (item 94, faults F54 and F55), against its files in virtual time: it reads the
 * file that it has open to its end and then the newest one, so files between are left out, the newest may come twice, and behind the
 * container's end nothing more is read. Every line comes once, or lies in a gap.
 */
import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { KubeletWorld } from "./kubelet-world.ts";
import { endAs, ENDINGS, open as openWriter, verdict, type Writer } from "./numbered-writer.ts";

let world: KubeletWorld;
afterEach(() => world.end());

function open(): Writer {
  const writer = openWriter();
  ({ world } = writer);
  return writer;
}

describe("a reader that is held up", () => {
  test("over one rotation loses nothing, and there is no gap", async () => {
    const writer = open();
    await writer.write(8_000);
    writer.holdUp(4_000);
    await writer.write(20_000);
    expect(verdict(writer)).toEqual({ lost: 0, isInOrder: true, missing: 0 });
    expect(world.gaps()).toEqual([]);
  });

  test("over two rotations loses the file between, which is a gap with its bounds, and nothing comes twice", async () => {
    const writer = open();
    await writer.write(8_000);
    writer.holdUp(16_000);
    await writer.write(40_000);
    const second = (at: number): number => Date.UTC(2026, 0, 1, 12, 0, at);
    expect(verdict(writer)).toMatchObject({ lost: 0, isInOrder: true, missing: 2_000 });
    expect(world.gaps()).toMatchObject([{ cause: "rotation", from: second(9), to: second(20) + 999 }]);
  });

  test("until the container has ended loses the last file when the pod goes: a gap to its end", async () => {
    const writer = open();
    await writer.write(8_000);
    writer.holdUp(20_000);
    await writer.write(9_000);
    world.deletionRequested();
    writer.file.end();
    await world.clock.advance(1_000);
    world.remove();
    await world.clock.advance(60_000);
    const { lost, missing } = verdict(writer);
    expect(missing).toBeGreaterThan(1_000);
    expect(lost).toBe(0);
    expect(world.ends()).toEqual([expect.stringMatching(/ incomplete: /)]);
  });

  test("when the recording stops leaves what was not read as a gap", async () => {
    const writer = open();
    await writer.write(8_000);
    writer.holdUp(15_000);
    await writer.write(14_000);
    writer.holdUp(30_000);
    await writer.write(5_000);
    await world.end();
    expect(verdict(writer)).toMatchObject({ lost: 0, isInOrder: true });
    expect(world.gaps().at(-1)).toMatchObject({ detail: expect.stringContaining("the recording stopped") });
  });

  test("until the container has ended reads the last file by a second read when the pod stays", async () => {
    const writer = open();
    await writer.write(8_000);
    writer.holdUp(20_000);
    await writer.write(9_000);
    world.exit();
    await world.clock.advance(120_000);
    expect(verdict(writer)).toMatchObject({ lost: 0, isInOrder: true });
    expect(world.ends()).toMatchObject([expect.stringMatching(/complete: container ended/)]);
  });
});

test("a container that ends right after a rotation leaves an empty file: a few reads, at most a gap, and an end", async () => {
  const writer = open();
  await writer.write(10_000);
  world.exit();
  await world.clock.advance(60_000);
  expect(verdict(writer)).toEqual({ lost: 0, isInOrder: true, missing: 0 });
  expect(world.ends()).toMatchObject([expect.stringMatching(/complete: container ended/)]);
  expect(world.gaps().length).toBeLessThanOrEqual(1);
  expect(world.server.requests.length).toBeLessThan(20);
});

test("property: however often and long the reader is held up, each line comes once or lies in a gap", async () => {
  const hold = fc.record({ after: fc.integer({ min: 1, max: 20 }), ms: fc.integer({ min: 1, max: 35 }) });
  const ending = fc.constantFrom(...ENDINGS);
  await fc.assert(
    fc.asyncProperty(fc.array(hold, { minLength: 1, maxLength: 3 }), ending, async (holds, how) => {
      const writer = open();
      for (const { after, ms } of holds) {
        await writer.write(after * 1_000);
        writer.holdUp(ms * 1_000);
      }
      await writer.write(15_000);
      await endAs(writer, how);
      const { lost, isInOrder } = verdict(writer);
      await world.end();
      expect({ lost, isInOrder }).toEqual({ lost: 0, isInOrder: true });
    }),
    { numRuns: 40 },
  );
});

test("property: a container whose reader is never held up for long has no gap, whatever its pauses", async () => {
  const step = fc.record({ quietMs: fc.integer({ min: 0, max: 600 }), holdMs: fc.integer({ min: 0, max: 900 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      const writer = open();
      for (const { quietMs, holdMs } of steps) {
        writer.holdUp(holdMs);
        await writer.write(3_000);
        await world.clock.advance(quietMs * 1_000);
      }
      const gaps = world.gaps();
      await world.end();
      expect(gaps).toEqual([]);
    }),
    { numRuns: 30 },
  );
});
