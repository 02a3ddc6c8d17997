import { expect, test } from "vitest";
import { readAhead } from "./read-ahead.ts";

/** A body that says which chunk was asked for last. */
function counted(chunks: number, fails?: Error): { readonly body: AsyncIterable<Buffer>; asked(): number; isClosed(): boolean } {
  let asked = 0;
  let isClosed = false;
  async function* body(): AsyncGenerator<Buffer> {
    try {
      for (let at = 0; at < chunks; at++) {
        asked++;
        yield Buffer.from(`${at};`);
      }
      if (fails !== undefined) throw fails;
    } finally {
      isClosed = true;
    }
  }
  return { body: body(), asked: () => asked, isClosed: () => isClosed };
}

/** Lets everything that can happen without the outside happen. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function text(body: AsyncIterable<Buffer>): Promise<string> {
  let all = "";
  for await (const chunk of body) all += chunk.toString();
  return all;
}

test("is read before anybody takes it, and then given out whole and in order", async () => {
  const source = counted(5);
  const ahead = readAhead(source.body);
  await settled();
  expect(source.asked()).toBe(5);
  expect(await text(ahead)).toBe("0;1;2;3;4;");
});

test("is taken over in the middle of a chunk that is on its way", async () => {
  const source = counted(3);
  expect(await text(readAhead(source.body))).toBe("0;1;2;");
});

test("is read no further than its bound before it is taken", async () => {
  const source = counted(100);
  const ahead = readAhead(source.body, 6);
  await settled();
  expect(source.asked()).toBe(3);
  expect(await text(ahead)).toHaveLength(290);
});

test("throws what the body threw, behind everything that came before", async () => {
  const source = counted(2, new Error("connection reset"));
  const ahead = readAhead(source.body);
  await settled();
  const got: string[] = [];
  const reading = (async () => {
    for await (const chunk of ahead) got.push(chunk.toString());
  })();
  await expect(reading).rejects.toThrow("connection reset");
  expect(got).toEqual(["0;", "1;"]);
});

test("who leaves it ends the body", async () => {
  const source = counted(100);
  for await (const chunk of readAhead(source.body, 6)) if (chunk.toString() === "5;") break;
  expect(source.isClosed()).toBe(true);
});
