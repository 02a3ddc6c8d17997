/**
 * Lines that the runtime writes to the old file after the kubelet's follower has gone over to the new one (item 94, fault F54): nobody
 * is ever given them, so the rotation itself must be noticed, and told.
 */
import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { ApiRequest, RequestFault } from "../../src/apiserver/index.ts";
import type { KubeletWorld } from "./kubelet-world.ts";
import { endAs, ENDINGS, open as openWriter, verdict, type Writer, type WriterOptions } from "./numbered-writer.ts";

let world: KubeletWorld;
afterEach(() => world.end());

/** Two megabytes a file. */
function open(options: WriterOptions = {}): Writer {
  const writer = openWriter({ bytes: 1_000, ...options });
  ({ world } = writer);
  return writer;
}

const LATER = Date.UTC(2026, 0, 1, 12, 0, 35);
const REFUSED: RequestFault = { fault: "respond", status: 503 };

const isLook = ({ query }: ApiRequest): boolean => query.has("limitBytes");
const looks = (): number => world.server.requests.filter(({ url }) => url.includes("limitBytes")).length;

/** Writes a file and rotates it, with a line behind. */
async function turn(writer: Writer): Promise<void> {
  await writer.write(10_000);
  writer.writeBehind();
}

describe("a line behind a rotation", () => {
  test("lies in a gap of half a second", async () => {
    const writer = open();
    for (let turns = 0; turns < 4; turns++) await turn(writer);
    await writer.write(9_000);
    await world.clock.advance(1_000);
    expect(verdict(writer)).toEqual({ lost: 0, isInOrder: true, missing: 4 });
    expect(world.gaps()).toHaveLength(4);
    for (const { cause, from = 0, to = 0 } of world.gaps()) {
      expect(cause).toBe("rotation");
      expect(to - from).toBeLessThan(500);
    }
  });

  test("lies in one when the container ends, is deleted, or the recording stops before the file was looked at again", async () => {
    for (const how of ["exits", "deleted", "deleted by force", "stopped"]) {
      const writer = open();
      await turn(writer);
      await writer.write(1_300);
      if (how === "exits") world.exit();
      if (how === "deleted") world.deletionRequested();
      if (how === "deleted") writer.file.end();
      await world.clock.advance(how === "deleted" ? 1_000 : 0);
      if (how.startsWith("deleted")) world.remove();
      if (how !== "stopped") await world.clock.advance(120_000);
      else await world.end();
      expect([how, verdict(writer)]).toEqual([how, { lost: 0, isInOrder: true, missing: 1 }]);
      expect([how, world.gaps().length <= 2]).toEqual([how, true]);
      await world.end();
    }
  });

  test("lies in one when the file is not to be looked at for a while", async () => {
    const writer = open({
      faults: { onRequest: (request) => (isLook(request) && world.clock.now() < LATER ? REFUSED : undefined) },
    });
    for (let turns = 0; turns < 4; turns++) await turn(writer);
    await writer.write(9_000);
    expect(verdict(writer)).toEqual({ lost: 0, isInOrder: true, missing: 4 });
  });
});

test("a log that is not rotated is looked at three times a megabyte at most, and has no gap", async () => {
  const writer = open();
  await writer.write(9_900);
  expect(looks()).toBeGreaterThan(0);
  expect(looks()).toBeLessThanOrEqual(6);
  expect(world.gaps()).toEqual([]);
});

test("a log of less than a file is not looked at", async () => {
  const writer = openWriter();
  ({ world } = writer);
  await writer.write(9_900);
  expect(looks()).toBe(0);
});

test("property: whenever the file is rotated, and however late it is looked at, each line comes once or lies in a gap", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }),
      fc.constantFrom(0, 400, 2_500, 8_000),
      fc.constantFrom(...ENDINGS),
      async (waits, delayMs, how) => {
        const delay: RequestFault = { fault: "delay", ms: delayMs };
        const writer = open({
          rotationMs: Number.POSITIVE_INFINITY,
          faults: { onRequest: (request) => (isLook(request) ? delay : undefined) },
        });
        for (const seconds of waits) {
          await writer.write(seconds * 1_000);
          // A file is the newest for three seconds at least, and has a megabyte.
          if (seconds >= 5) writer.file.rotate();
          if (seconds >= 5) writer.writeBehind();
        }
        await writer.write(1_000);
        await endAs(writer, how);
        const { lost, isInOrder } = verdict(writer);
        await world.end();
        expect({ lost, isInOrder }).toEqual({ lost: 0, isInOrder: true });
      },
    ),
    { numRuns: 40 },
  );
});
