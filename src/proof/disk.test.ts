import { expect, test } from "vitest";
import { Chance } from "./chance.ts";
import { ProofDisk } from "./disk.ts";

async function text(disk: ProofDisk, path: string): Promise<string> {
  const file = await disk.openForReading(path);
  const into = Buffer.alloc(await file.size());
  await file.read(into, 0);
  return into.toString("utf8");
}

test("a crash keeps what was synced, and of the rest a part", async () => {
  for (let seed = 0; seed < 50; seed++) {
    const disk = new ProofDisk();
    const file = await disk.openForWriting("a/1");
    await file.write([Buffer.from("synced")], 0);
    await file.datasync();
    await disk.syncDirectory("a");
    await file.write([Buffer.from("-and-not")], 6);
    const kept = await text(disk.afterCrash(new Chance(seed), "a", "b"), "b/1");
    expect(kept.startsWith("synced")).toBe(true);
    expect(kept.length).toBeLessThanOrEqual("synced-and-not".length);
  }
});

test("a process that is dead cannot reach the disk of the next one", async () => {
  const disk = new ProofDisk();
  const file = await disk.openForWriting("a/1");
  await disk.syncDirectory("a");
  const next = disk.afterCrash(new Chance(1), "a", "b");
  await file.write([Buffer.from("late")], 0);
  expect(await text(next, "b/1")).toBe("");
});

test("a full disk takes a part, then nothing; a broken one fails and forgets what was not synced", async () => {
  const disk = new ProofDisk();
  const file = await disk.openForWriting("a/1");
  disk.trouble.free = 3;
  expect(await file.write([Buffer.from("12345")], 0)).toBe(3);
  await expect(file.write([Buffer.from("45")], 3)).rejects.toThrow("ENOSPC");
  disk.trouble.error = "EIO";
  await expect(file.datasync()).rejects.toThrow("EIO");
  expect(await text(disk, "a/1")).toBe("\0\0\0");
});
