/** The floor for what reads a whole recording: `read`s it, makes a plain `copy`, or parses each line and writes it anew (`rewrite`). */
import { closeSync, openSync, writeSync } from "node:fs";
import { linesOfRecording } from "../recording-lines.mjs";
import { createReadStream, readdirSync } from "node:fs";
import { join } from "node:path";

const [task, directory, target] = process.argv.slice(2);
const file = openSync(target, "w");
if (task === "rewrite") {
  for await (const { line } of linesOfRecording(directory)) writeSync(file, `${JSON.stringify(JSON.parse(line))}\n`);
} else {
  for (const name of readdirSync(directory).sort())
    for await (const chunk of createReadStream(join(directory, name), { highWaterMark: 1 << 20 }))
      if (task === "copy") writeSync(file, chunk);
}
closeSync(file);
