/** Preloaded into Faro: its files take no more than BENCH_SINK megabytes a second, as a slow disk does, by a wait behind each write. */
import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const BYTES_PER_MS = Number(process.env.BENCH_SINK) * 1_000;
const probe = await open(process.execPath);
const FileHandle = Object.getPrototypeOf(probe);
await probe.close();
const { writev } = FileHandle;
/** When the disk will have taken what it was given. */
let free = 0;

FileHandle.writev = async function slow(...words) {
  const result = await writev.apply(this, words);
  free = Math.max(free, performance.now()) + result.bytesWritten / BYTES_PER_MS;
  await sleep(free - performance.now());
  return result;
};
