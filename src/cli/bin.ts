#!/usr/bin/env node
/**
 * The program: nothing but the look at Node's version is loaded before it is known to be good enough. Bundled as CommonJS, which Node has
 * running before it has loaded what modules need: so nothing is awaited here.
 */
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
  void import("./start.ts").then(({ start }) => start(words));
}
