#!/usr/bin/env node
/** The program: nothing but the look at Node's version is loaded before it is known to be good enough. */
import { isBrief, keepHeapSmall } from "./heap.ts";
import { nodeComplaint } from "./node-floor.ts";
import { FARO_VERSION } from "./version.ts";

const complaint = nodeComplaint(process.versions.node);
const words = process.argv.slice(2);
if (complaint !== undefined) {
  process.stderr.write(complaint);
  process.exitCode = 1;
} else if (words.length === 1 && words[0] === "--version") {
  // The commonest question of all needs none of what follows, which takes as long as Node does to start.
  process.stdout.write(`${FARO_VERSION}\n`);
} else {
  if (!isBrief(words[0])) keepHeapSmall();
  const [{ main }, { processDependencies }] = await Promise.all([import("./main.ts"), import("./process-dependencies.ts")]);
  const exitCode = await main(words, processDependencies(process));
  // A pipe may still hold what was printed, on Windows.
  await new Promise((resolve) => process.stdout.write("", resolve));
  // Everything that matters is written by now: what is still open (a keep-alive connection) must not hold the process.
  process.exit(exitCode);
}
