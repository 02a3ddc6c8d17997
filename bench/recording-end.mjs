/** Knows when Faro has recorded all that it was sent. */
import { readdirSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const GIVE_UP_MS = 120_000;

/** Waits until the last version stands in the recording. Looks at the file alone: a question to Faro would be a cost of Faro's. */
export async function endOfRecording(directory, version, child) {
  const end = performance.now() + GIVE_UP_MS;
  const wanted = `"resourceVersion":"${version}"`;
  for (;;) {
    if (await endsWith(directory, wanted)) return;
    if (performance.now() > end || child.exitCode !== null)
      throw new Error(`faro did not record version ${version} within ${GIVE_UP_MS / 1000} s`);
    await sleep(50);
  }
}

const TAIL_BYTES = 256 * 1024;

async function endsWith(directory, wanted) {
  const name = segmentsOf(directory).at(-1);
  if (name === undefined) return false;
  const path = join(directory, name);
  const size = statSync(path).size;
  const file = await open(path);
  try {
    const tail = Buffer.alloc(Math.min(TAIL_BYTES, size));
    await file.read(tail, 0, tail.length, size - tail.length);
    return tail.includes(wanted);
  } finally {
    await file.close();
  }
}

function segmentsOf(directory) {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(".ndjson"))
      .sort();
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
}
