/**
 * The floor of changes that come alone: reads the watches by `node:https` and writes what comes as it is, synced 50 ms after the first of
 * it, as Faro's commits are. It understands nothing of what it writes.
 */
import { open } from "node:fs/promises";
import { Agent, get } from "node:https";
import { readFileSync } from "node:fs";

const COMMIT_MS = 50;
const { server, ca } = JSON.parse(process.env.BENCH_SERVER);
const agent = new Agent({ ca: readFileSync(ca), maxSockets: Infinity });
const file = await open(process.env.BENCH_FILE, "w");
let chunks = [];

for (const path of process.env.BENCH_PATHS.split(","))
  get(new URL(`${path}?watch=true&resourceVersion=1`, server), { agent }, (response) =>
    response.on("data", (chunk) => {
      if (chunks.push(chunk) === 1) setTimeout(() => void commit(), COMMIT_MS);
    }),
  );
process.once("SIGTERM", () => process.exit(0));

async function commit() {
  const group = chunks;
  chunks = [];
  await file.writev(group);
  await file.datasync();
}
