import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { settleFiles } from "./real-files.ts";

test("virtual time does not go on while a file is under way", async () => {
  const directory = await mkdtemp(join(tmpdir(), "faro-files-"));
  const clock = new VirtualClock(0, 1, settleFiles);
  const writtenAt: number[] = [];
  clock.after(1_000, () => {
    const writeSome = async (): Promise<void> => {
      for (let file = 0; file < 10; file++) await writeFile(join(directory, String(file)), "text");
      writtenAt.push(clock.monotonic());
    };
    void writeSome();
  });
  for (let second = 2; second < 10; second++) clock.after(second * 1_000, () => undefined);
  await clock.advance(10_000);
  expect(writtenAt).toEqual([1_000]);
  await rm(directory, { recursive: true });
});
