/** One run of the program, in a Node that is good enough, until the process ends. */
import { isBrief, keepHeapSmall } from "./heap.ts";

/** `words` are the command line without Node and script. */
export async function start(words: readonly string[]): Promise<never> {
  // Node ends when nothing is left that it could wait for. Where that comes before the exit below, not all was done.
  process.exitCode = 1;
  if (!isBrief(words[0])) keepHeapSmall();
  const [{ main }, { processDependencies }] = await Promise.all([import("./main.ts"), import("./process-dependencies.ts")]);
  const exitCode = await main(words, processDependencies(process));
  // A pipe may still hold what was printed, on Windows.
  await new Promise((resolve) => process.stdout.write("", resolve));
  // Everything that matters is written by now: what is still open (a keep-alive connection) must not hold the process.
  process.exit(exitCode);
}
