/** The lines that `log-server.mjs` has written: each has its number, and those of one container are as far apart as there are containers. */
import { linesOfRecording } from "./recording-lines.mjs";

const LOG = '"type":"log",';

/** How many stand in a recording. @throws Error when one is not behind the one that its container wrote before it. */
export async function linesRecorded(recording, containers) {
  const order = inOrder(containers);
  for await (const { line } of linesOfRecording(recording)) {
    if (!line.includes(LOG)) continue;
    const { stream, text } = JSON.parse(line);
    for (const written of text.trimEnd().split("\n")) order.take(stream, written);
  }
  return order.count;
}

/** Takes lines as the API gives them, of each stream in the order in which they were told; throws as soon as one is missing. */
export function inOrder(containers) {
  const last = new Map();
  return {
    count: 0,
    take(stream, line) {
      const number = Number(line.split(" ")[1]);
      const before = last.get(stream) ?? (number % containers) - containers;
      if (number !== before + containers) throw new Error(`line ${number} of ${stream} stands behind ${before}`);
      last.set(stream, number);
      this.count++;
    },
  };
}
