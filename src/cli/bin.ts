#!/usr/bin/env node
/** The program: nothing but the look at Node's version is loaded before it is known to be good enough. */
import { isBrief, keepHeapSmall } from "./heap.ts";
import { nodeComplaint } from "./node-floor.ts";

const complaint = nodeComplaint(process.versions.node);
if (complaint === undefined) {
  if (!isBrief(process.argv[2])) keepHeapSmall();
  const [{ main }, { processDependencies }] = await Promise.all([import("./main.ts"), import("./process-dependencies.ts")]);
  const exitCode = await main(process.argv.slice(2), processDependencies(process));
  // A pipe may still hold what was printed, on Windows.
  await new Promise((resolve) => process.stdout.write("", resolve));
  // Everything that matters is written by now: what is still open (a keep-alive connection) must not hold the process.
  process.exit(exitCode);
} else {
  process.stderr.write(complaint);
  process.exitCode = 1;
}
