/** The lines of a recording as they stand on the disk, without Faro's reader. */
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createGunzip, gunzipSync } from "node:zlib";

/** Each line without its newline, the path of its segment, and the offset of the byte behind its newline. A last line without one is left out. */
export async function* linesOfRecording(directory) {
  for (const name of segmentsOf(directory)) {
    const segment = join(directory, name);
    let rest = Buffer.alloc(0);
    let from = 0;
    for await (const chunk of bytesOf(segment)) {
      const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = text.indexOf(10); end !== -1; end = text.indexOf(10, start)) {
        yield { line: text.subarray(start, end), segment, end: from + end + 1 };
        start = end + 1;
      }
      rest = text.subarray(start);
      from += start;
    }
  }
}

/** Names of the files of the segments, in their order: of one that is packed, `000001.ndjson.gz`, unless the plain one is there, too. */
export function segmentsOf(directory) {
  const names = new Map();
  for (const name of entriesOf(directory).sort().reverse()) {
    const [, number] = /^(\d+)\.ndjson(?:\.gz)?$/.exec(name) ?? [];
    if (number !== undefined) names.set(number, name);
  }
  return [...names.values()].reverse();
}

/** Length of all segments together, as they are or were before they were packed. */
export function recordedBytes(directory) {
  return segmentsOf(directory).reduce((sum, name) => sum + lengthOf(join(directory, name)), 0);
}

function entriesOf(directory) {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** Faro may pack a segment between two looks. */
function bytesOf(segment) {
  const path = existsSync(segment) ? segment : `${segment}.gz`;
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  return path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
}

/** What was packed had a length that its index knows, where it has one: what a killed run leaves has none. */
function lengthOf(segment) {
  if (!segment.endsWith(".gz") && existsSync(segment)) return statSync(segment).size;
  const plain = segment.replace(/\.gz$/, "");
  const index = plain.replace(/ndjson$/, "index");
  if (!existsSync(index)) return gunzipSync(readFileSync(`${plain}.gz`)).length;
  return JSON.parse(readFileSync(index, "latin1").split("\n", 1)[0]).bytes;
}
