/**
 * A connection that carries nothing any more and does not say so, as behind a NAT that forgot it, when its container ends: the
 * kubelet ends a follow by itself then, so one that stays silent is looked after (items 95, 98).
 */
import { afterEach, describe, expect, test } from "vitest";
import type { LogFile } from "../../src/apiserver/index.ts";
import { KubeletWorld } from "./kubelet-world.ts";

let world: KubeletWorld;
afterEach(() => world.end());

/** A container with two lines read, whose follow is dead from then on, and two more lines that it does not bring. */
async function withDeadFollow(): Promise<LogFile> {
  let isDeaf = false;
  world = new KubeletWorld({
    faults: { onLogChunk: ({ request }) => (isDeaf && request.query.get("follow") !== null ? { fault: "stall" } : undefined) },
  });
  const file = world.start();
  write(file, "line 0", "line 1");
  await world.clock.advance(1_000);
  isDeaf = true;
  write(file, "line 2", "line 3");
  await world.clock.advance(1_000);
  isDeaf = false;
  expect(world.byInstance()["app-0"]).toEqual(["line 0", "line 1"]);
  return file;
}

function write(file: LogFile, ...lines: readonly string[]): void {
  for (const line of lines) file.append(line, world.clock.now());
}

const ALL = ["line 0", "line 1", "line 2", "line 3"];

describe("a dead follow", () => {
  test("of a container that has ended is read again, within seconds", async () => {
    await withDeadFollow();
    world.exit();
    await world.clock.advance(10_000);
    expect(world.byInstance()["app-0"]).toEqual(ALL);
    expect(world.gaps()).toEqual([]);
    expect(world.ends()).toEqual([expect.stringMatching(/ complete: container ended/)]);
  });

  test.each([
    ["seen at once", true],
    ["seen late, when the next instance's empty file has been looked at", false],
  ])("of a container that was restarted is read on as the previous instance, once: %s", async (_how, isSeen) => {
    await withDeadFollow();
    world.exit();
    world.isWatched = isSeen;
    world.start();
    await world.clock.advance(3_000);
    world.see();
    await world.clock.advance(10_000);
    expect(world.byInstance()["app-0"]).toEqual(ALL);
    expect(world.gaps()).toEqual([]);
  });

  test("of a pod that is being deleted is read again while it can be", async () => {
    const file = await withDeadFollow();
    world.deletionRequested();
    await world.clock.advance(5_000);
    expect(world.byInstance()["app-0"]).toEqual(ALL);
    write(file, "bye");
    await world.clock.advance(100);
    file.end();
    await world.clock.advance(1_000);
    world.remove();
    await world.clock.advance(1_000);
    expect(world.byInstance()["app-0"]).toEqual([...ALL, "bye"]);
    expect(world.gaps()).toEqual([]);
  });

  test.each([
    ["after its containers had ended", true, 30],
    ["by force, while they may write on", false, 90],
  ])("of a pod that went %s is given up, and what it did not bring is a gap", async (_how, hasEnded, seconds) => {
    await withDeadFollow();
    if (hasEnded) world.together(() => world.exit());
    world.remove();
    await world.clock.advance(seconds * 1_000);
    expect(world.ends()).toEqual([expect.stringMatching(/ incomplete: /)]);
    expect(world.gaps()).toHaveLength(1);
  });
});

test("a follow that is silent, and alive, is left alone while its pod is being deleted", async () => {
  world = new KubeletWorld();
  const file = world.start();
  write(file, "line 0");
  await world.clock.advance(1_000);
  world.deletionRequested();
  await world.clock.advance(29_000);
  expect(world.server.streams).toHaveLength(1);
  write(file, "bye");
  file.end();
  await world.clock.advance(500);
  world.remove();
  await world.clock.advance(1_000);
  expect(world.byInstance()["app-0"]).toEqual(["line 0", "bye"]);
  expect(world.ends()).toEqual([expect.stringMatching(/ complete: /)]);
});
