/** A cost counts only for a recording that is whole: every line that the server sent, byte for byte and in order, and nothing else. */
import { linesOf, objectOf } from "./corpus.mjs";
import { linesOfRecording } from "./recording-lines.mjs";

const OBJECT = ',"object":{';

/** @throws Error when the objects in the recording are not those of the corpus. */
export async function checkRecording(directory, kind, count) {
  const lines = linesOf(kind);
  let next = 0;
  let seen = new Set();
  for await (const { line } of linesOfRecording(directory)) {
    const at = line.indexOf(OBJECT);
    if (at === -1) continue;
    const object = line.subarray(at + OBJECT.length - 1, -1);
    const number = numberOf(object);
    if (seen.has(number)) throw new Error(`line ${number} is recorded twice`);
    if (!object.equals(objectOf(lines.at(number)))) throw new Error(`line ${number} is not recorded as it was sent`);
    seen.add(number);
    // Lanes write side by side; all that is behind is complete.
    for (; seen.delete(next); next++);
  }
  if (next !== count || seen.size > 0) throw new Error(`${next + seen.size} of ${count} lines are recorded`);
}

function numberOf(object) {
  const version = /"resourceVersion":"(\d+)"/.exec(object.toString("latin1", 0, 600))?.[1];
  return Number(version) - 1_000_000_000;
}
