/** The disk that Faro writes to fills up while it records, and has room again. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../src/base/index.ts";
import { Ordeal, UNSCATHED } from "./ordeal.ts";
import { report } from "./report.ts";
import { sized } from "./size.ts";

const FULL_MS = sized(8_000, 120_000);
let ordeal: Ordeal | undefined;
let disk: SmallDisk | undefined;

afterEach(async () => {
  await ordeal?.remove();
  disk?.remove();
});

it(`a disk that is full for ${FULL_MS / 1_000} s costs nothing that no gap names`, async () => {
  disk = new SmallDisk(96);
  ordeal = await Ordeal.start({ name: "disk", output: disk.path });
  await systemClock.sleep(3_000);
  await ordeal.outage(async () => {
    disk?.fill();
    await ordeal?.faro.logged("that the disk is full", 20_000, (line) => /ENOSPC|no space/i.test(JSON.stringify(line)));
    await systemClock.sleep(FULL_MS);
    disk?.free();
  });
  await ordeal.faro.logged("that it writes again", 30_000, (line) => /writ.*again|resumed/i.test(line.message));
  const findings = await ordeal.finish();
  report(`disk full for ${FULL_MS / 1_000} s`, findings);
  expect(findings).toMatchObject(UNSCATHED);
}, 600_000);

/** A file system in memory, of so many megabytes. */
class SmallDisk {
  readonly path: string = mkdtempSync(join(tmpdir(), "faro-disk-"));
  readonly #ballast = join(this.path, "ballast");

  constructor(megabytes: number) {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", this.path]);
  }

  /** Takes all the room that is left. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.path);
    try {
      writeFileSync(this.#ballast, Buffer.alloc(bavail * bsize));
    } catch (error) {
      // Faro has taken some of it meanwhile: the rest is as full as can be.
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
    }
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  remove(): void {
    execFileSync("umount", ["--lazy", this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }
}
