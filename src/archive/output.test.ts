import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { lockFile } from "./layout.ts";
import { prepareOutput } from "./output.ts";

const clock = new VirtualClock();
let parent: string;
let output: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "faro-output-"));
  output = join(parent, "a", "b");
});

afterEach(async () => {
  await rm(parent, { recursive: true });
});

/** The pid of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

async function lockedBy(holder: unknown): Promise<void> {
  await (await prepareOutput(output, clock)).release();
  await writeFile(lockFile(output), typeof holder === "string" ? holder : JSON.stringify(holder));
}

describe("prepareOutput", () => {
  test("creates the directory for its owner alone, with nothing but the lock in it", async () => {
    const lock = await prepareOutput(output, clock);
    expect((await stat(output)).mode & 0o777).toBe(0o700);
    expect(await readdir(output)).toEqual([".faro-lock"]);
    const written: unknown = JSON.parse(await readFile(lockFile(output), "utf8"));
    expect(written).toMatchObject({ pid: process.pid, host: hostname(), startedAt: "2026-01-01T00:00:00.000Z" });
    await lock.release();
    expect(await readdir(output)).toEqual([]);
  });

  test("says why it cannot write: a file stands in the way", async () => {
    await writeFile(join(parent, "a"), "");
    await expect(prepareOutput(output, clock)).rejects.toThrow(
      expect.objectContaining({
        code: "FARO_OUTPUT_NOT_WRITABLE",
        message: expect.stringContaining(`cannot write to the output directory ${output}: `),
      }),
    );
  });
});

describe("the lock", () => {
  test("keeps a second Faro out and names the first", async () => {
    const lock = await prepareOutput(output, clock);
    const first = `pid ${process.pid} on host ${hostname()}, since 2026-01-01T00:00:00.000Z`;
    await expect(prepareOutput(output, clock)).rejects.toThrow(
      expect.objectContaining({
        code: "FARO_OUTPUT_LOCKED",
        message: `cannot record to ${output}: another Faro writes to it (${first})`,
        hint: `stop that one, or choose another directory: --output ${output}-2. If it is gone for good, remove ${lockFile(output)}`,
      }),
    );
    await lock.release();
    await (await prepareOutput(output, clock)).release();
  });

  test.each([
    ["a dead process of this host", () => ({ pid: deadPid(), host: hostname(), startedAt: "x" })],
    [
      "an earlier process with this one's pid, as in a container that was restarted",
      () => ({ pid: process.pid, host: hostname(), startedAt: "x" }),
    ],
  ])("of %s is taken over", async (_name, holder) => {
    await lockedBy(holder());
    const lock = await prepareOutput(output, clock);
    expect(lock.holder.pid).toBe(process.pid);
    expect(await readdir(output)).toEqual([".faro-lock"]);
    await lock.release();
  });

  test.skipIf(process.platform !== "linux")("of a process whose pid another one has by now is taken over", async () => {
    await lockedBy({ pid: process.ppid, host: hostname(), startedAt: "x", processStart: "1" });
    const lock = await prepareOutput(output, clock);
    expect(lock.holder.pid).toBe(process.pid);
    await lock.release();
  });

  test.each([
    ["a living process", { pid: process.ppid, host: hostname(), startedAt: "x" }, `pid ${process.ppid} on host ${hostname()}`],
    ["a process on another host", { pid: 1, host: "elsewhere", startedAt: "x" }, "pid 1 on host elsewhere"],
    ["nobody known", "garbage", "pid 0 on host unknown"],
  ])("of %s is respected", async (_name, holder, told) => {
    await lockedBy(holder);
    await expect(prepareOutput(output, clock)).rejects.toThrow(told);
  });

  test("is had by one alone when many ask at once for a stale one", async () => {
    await lockedBy({ pid: deadPid(), host: hostname(), startedAt: "x" });
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => prepareOutput(output, clock)));
    expect(answers.filter((answer) => answer.status === "fulfilled")).toHaveLength(1);
  });
});

test("a file system that takes no directories is said to, and never waited for", async () => {
  await expect(prepareOutput("/proc/faro", new VirtualClock())).rejects.toMatchObject({ code: "FARO_OUTPUT_NOT_WRITABLE" });
});
