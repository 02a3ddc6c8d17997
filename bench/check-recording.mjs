/** A cost counts only for a recording that is whole: every line that the server sent, byte for byte and in order, and nothing else. */
import { linesOf, listItems, objectOf } from "./corpus.mjs";
import { linesOfRecording } from "./recording-lines.mjs";

const OBJECT = ',"object":{';

/**
 * `sent` is what the server said: of which kind how many lines, behind how many items of a list, and their shape as `linesOf` knows it.
 * @throws Error when the objects in the recording are not those of the corpus.
 */
export async function checkRecording(directory, { kind = "pods", events, items = 0, ...shape }) {
  const lines = linesOf(kind, { items, ...shape });
  const listed = listItems();
  let next = 0;
  let seen = new Set();
  for await (const { line } of linesOfRecording(directory)) {
    const at = line.indexOf(OBJECT);
    if (at === -1) continue;
    const object = line.subarray(at + OBJECT.length - 1, -1);
    const number = numberOf(object);
    if (number < next || seen.has(number)) throw new Error(`line ${number} is recorded twice`);
    if (!(number < items ? isItem(object, listed.at(number)) : object.equals(objectOf(lines.at(number)))))
      throw new Error(`line ${number} is not recorded as it was sent`);
    seen.add(number);
    // Lanes write side by side; all that is behind is complete.
    for (; seen.delete(next); next++);
  }
  const wanted = items + events;
  if (next !== wanted || seen.size > 0) throw new Error(`${next + seen.size} of ${wanted} lines are recorded`);
}

/** Items of a list lack their type, which is put in front of their bytes. */
function isItem(object, item) {
  return object.subarray(1 - item.length).equals(item.subarray(1));
}

function numberOf(object) {
  const version = /"resourceVersion":"(\d+)"/.exec(object.toString("latin1", 0, 600))?.[1];
  return Number(version) - 1_000_000_000;
}
