import { expect, test } from "vitest";
import { Merge } from "./merge.ts";

async function* counted(name: string, count: number, asked: string[] = []): AsyncGenerator<string> {
  for (let item = 0; item < count; item++) {
    asked.push(`${name}${item}`);
    yield `${name}${item}`;
  }
}

async function all<T>(merge: Merge<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of merge) items.push(item);
  return items;
}

test("the items of each source come in its order, and of all in the order in which they came", async () => {
  const merge = new Merge<string>();
  merge.add(counted("a", 3));
  merge.add(counted("b", 2));
  expect(await all(merge)).toEqual(["a0", "b0", "a1", "b1", "a2"]);
});

test("a source that is added while the sequence is read belongs to it", async () => {
  const merge = new Merge<string>();
  merge.add(
    (async function* () {
      yield "first";
      merge.add(counted("late", 2));
      yield "second";
    })(),
  );
  expect(await all(merge)).toEqual(["first", "late0", "second", "late1"]);
});

test("no source is asked for more than the item that is worked off", async () => {
  const merge = new Merge<string>();
  const asked: string[] = [];
  merge.add(counted("a", 5, asked));
  for await (const item of merge) {
    if (item === "a1") break;
  }
  expect(asked).toEqual(["a0", "a1"]);
  await merge.ended();
});

test("what a source throws is thrown by the sequence", async () => {
  const merge = new Merge<string>();
  merge.add(counted("a", 1));
  merge.add(
    (async function* () {
      yield "b0";
      throw new Error("the source broke");
    })(),
  );
  await expect(all(merge)).rejects.toThrow("the source broke");
});
