/** Knows when Faro has recorded all that it was sent. */
import { readFileSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { linesOfRecording, recordedBytes, segmentsOf } from "./recording-lines.mjs";

const GIVE_UP_MS = 120_000;
const SYNCED = /^\{"crc":"[0-9a-f]{8}","type":"scope".*"state":"(?:synced|recovered)"/;
const OBJECT = ',"object":{';
const QUIET_MS = 2_000;
const NOTES_BYTES = 50_000;

/** Waits until the last version stands in the recording. Looks at the file alone: a question to Faro would be a cost of Faro's. */
export async function endOfRecording(directory, version, child, giveUpMs = GIVE_UP_MS) {
  const end = performance.now() + giveUpMs;
  const wanted = `"resourceVersion":"${version}"`;
  for (;;) {
    if (await endsWith(directory, wanted)) return;
    if (performance.now() > end || child.exitCode !== null)
      throw new Error(`faro did not record version ${version} within ${giveUpMs / 1000} s`);
    await sleep(50);
  }
}

/** Waits until so many objects stand in the recording, which then has more than their `bytes`. Counts when it may be time. */
export async function endOfObjects(directory, { objects, bytes }, child, giveUpMs = GIVE_UP_MS) {
  for (const end = performance.now() + giveUpMs; ; await sleep(50)) {
    let count = 0;
    if (recordedBytes(directory) > bytes)
      for await (const { line } of linesOfRecording(directory)) if (line.includes(OBJECT)) count++;
    if (count >= objects) return;
    if (performance.now() > end || child.exitCode !== null) throw new Error(`faro recorded ${count} of ${objects} objects`);
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

/** Resolves when Faro has listed so many scopes and watches them. `after` is how many segments an earlier run left. */
export async function inStep(directory, scopes, { child, said }, after = 0) {
  for (let synced = 0; synced < scopes; await sleep(20)) {
    if (child.exitCode !== null) throw new Error(`faro ended with ${child.exitCode} and said: ${said()}`);
    const segment = segmentsOf(directory)[after];
    const lines = segment === undefined ? [] : readFileSync(join(directory, segment), "latin1").split("\n");
    synced = lines.filter((line) => SYNCED.test(line)).length;
  }
}

/** Resolves when no more came to the recording for a while than Faro's own notes. */
export async function quiet(directory) {
  for (let before = -Infinity, now = recordedBytes(directory); now - before > NOTES_BYTES; now = recordedBytes(directory)) {
    before = now;
    await sleep(QUIET_MS);
  }
}
