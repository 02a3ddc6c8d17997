#!/usr/bin/env node
/** Ends with 1 when something may be missing in a story, and says what. */
import { readFileSync } from "node:fs";

for (const file of process.argv.slice(2)) {
  const { coverage, metadata } = JSON.parse(readFileSync(file, "utf8"));
  console.log(`${metadata.correlation_id}: ${coverage.verdict}`);
  for (const reason of coverage.reasons) console.log(`  ${reason}`);
  if (coverage.verdict !== "complete") process.exitCode = 1;
}
