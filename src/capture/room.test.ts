import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Room } from "./room.ts";

/** A room whose disk has taken enough as long as `disk.hasRoom`. */
function rig() {
  const waiting: (() => void)[] = [];
  const disk = { hasRoom: true, room: () => new Promise<void>((resolve) => waiting.push(resolve)) };
  const room = new Room(disk);
  const got: number[] = [];
  return {
    disk,
    room,
    got,
    ask: (number: number) => void room.free().then(() => got.push(number)),
    diskTakes: () => {
      disk.hasRoom = true;
      for (const wake of waiting.splice(0)) wake();
    },
  };
}

test("whoever comes while it is held waits until it is released, each in its turn", async () => {
  const { room, got, ask } = rig();
  room.hold();
  for (let number = 0; number < 40; number++) ask(number);
  await turn();
  expect([got.length, room.isFree]).toEqual([0, false]);
  room.release();
  await turn();
  expect(got.length).toBeLessThan(40);
  for (let turns = 0; turns < 3; turns++) await turn();
  expect(got).toEqual(Array.from({ length: 40 }, (_, number) => number));
});

test("whoever waits for the disk waits on when it is held meanwhile, and the other way round", async () => {
  const { room, got, ask, disk, diskTakes } = rig();
  disk.hasRoom = false;
  ask(1);
  room.hold();
  diskTakes();
  await turn();
  expect(got).toEqual([]);
  disk.hasRoom = false;
  room.release();
  await turn();
  expect(got).toEqual([]);
  diskTakes();
  await turn();
  expect(got).toEqual([1]);
});

test("what is held again before all went on holds up the others", async () => {
  const { room, got, ask } = rig();
  room.hold();
  for (let number = 0; number < 40; number++) ask(number);
  room.release();
  await Promise.resolve();
  room.hold();
  for (let turns = 0; turns < 3; turns++) await turn();
  const some = got.length;
  expect(some).toBeLessThan(40);
  room.release();
  for (let turns = 0; turns < 4; turns++) await turn();
  expect(got).toHaveLength(40);
});
