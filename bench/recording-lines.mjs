/** The lines of a recording as they stand on the disk, without Faro's reader. */
import { createReadStream, readdirSync } from "node:fs";
import { join } from "node:path";

/** Each line without its newline, the path of its segment, and the offset of the byte behind its newline. A last line without one is left out. */
export async function* linesOfRecording(directory) {
  const names = readdirSync(directory).filter((name) => name.endsWith(".ndjson"));
  for (const name of names.sort()) {
    const segment = join(directory, name);
    let rest = Buffer.alloc(0);
    let from = 0;
    for await (const chunk of createReadStream(segment, { highWaterMark: 1 << 20 })) {
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
