import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { arriving, Inflow } from "./inflow.ts";

const KIB = 1 << 10;

function inflow(): { readonly body: Inflow; readonly told: string[] } {
  const told: string[] = [];
  const tell = (what: string) => (): void => void told.push(what);
  return { body: new Inflow({ pause: tell("pause"), resume: tell("resume"), leave: tell("leave") }), told };
}

test("what comes in one turn is taken in one piece, then the end", async () => {
  const { body } = inflow();
  const got: string[] = [];
  const reading = (async () => {
    for await (const bytes of arriving(body)) got.push(bytes.toString());
  })();
  await turn();
  for (const text of ["a", "b", ""]) body.push(Buffer.from(text));
  await turn();
  body.push(Buffer.from("c"));
  body.finish();
  await reading;
  expect(got).toEqual(["ab", "c"]);
});

test("what came before a failure is given out before it, and nothing behind it", async () => {
  const { body } = inflow();
  body.push(Buffer.from("a"));
  body.finish(new Error("reset"));
  body.finish(new Error("later"));
  body.push(Buffer.from("b"));
  const reader = arriving(body);
  expect((await reader.next()).value?.toString()).toBe("a");
  await expect(reader.next()).rejects.toThrow("reset");
});

test("the connection is not read while much waits, and read again when it was taken", () => {
  const { body, told } = inflow();
  for (let sent = 0; sent < 5; sent++) body.push(Buffer.alloc(64 * KIB));
  expect(told).toEqual(["pause"]);
  expect(body.take()?.length).toBe(320 * KIB);
  expect(told).toEqual(["pause", "resume"]);
  expect(body.take()).toBeUndefined();
  expect(told).toHaveLength(2);
});

test("one that rests is not read before the rest is over, whatever is taken; nor one that is full before it is taken", () => {
  const { body, told } = inflow();
  body.bound(10);
  body.rest();
  body.push(Buffer.alloc(10));
  body.take();
  expect(told).toEqual(["pause"]);
  body.goOn();
  expect(told).toEqual(["pause", "resume"]);
  body.push(Buffer.alloc(10));
  body.rest();
  body.goOn();
  expect(told).toEqual(["pause", "resume", "pause"]);
  body.take();
  expect(told).toEqual(["pause", "resume", "pause", "resume"]);
});

test("a connection whose answer is whole is neither paused nor left: another may have it", () => {
  const { body, told } = inflow();
  body.bound(10);
  body.push(Buffer.alloc(10));
  body.finish();
  body.take();
  body.rest();
  body.goOn();
  body.leave();
  expect(told).toEqual(["pause"]);
});
