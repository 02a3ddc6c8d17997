/**
 * Preloaded into Faro: after each sync of a file writes to the file BENCH_SYNCS which file it was (inode), how long it was when the
 * sync began, and when it was done (milliseconds since 1970). What stands in front of that length is durable from then on.
 */
import { appendFileSync, fstatSync } from "node:fs";
import { open } from "node:fs/promises";

const probe = await open(process.execPath);
const FileHandle = Object.getPrototypeOf(probe);
await probe.close();
const { datasync } = FileHandle;

FileHandle.datasync = async function noted() {
  const { ino, size } = fstatSync(this.fd);
  await datasync.call(this);
  appendFileSync(process.env.BENCH_SYNCS, `${ino} ${size} ${Date.now()}\n`);
};
