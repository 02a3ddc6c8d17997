/**
 * Preloaded into Faro: after each sync of a file writes to the file BENCH_SYNCS how long it was when the sync began, when it was done
 * (milliseconds since 1970), and which file it was. Needs Linux (`/proc`). What stands in front of that length is durable from then on.
 */
import { appendFileSync, fstatSync, readlinkSync } from "node:fs";
import { open } from "node:fs/promises";

const probe = await open(process.execPath);
const FileHandle = Object.getPrototypeOf(probe);
await probe.close();
const { datasync } = FileHandle;

FileHandle.datasync = async function noted() {
  const { size } = fstatSync(this.fd);
  const path = readlinkSync(`/proc/self/fd/${this.fd}`);
  await datasync.call(this);
  appendFileSync(process.env.BENCH_SYNCS, `${size} ${Date.now()} ${path}\n`);
};
