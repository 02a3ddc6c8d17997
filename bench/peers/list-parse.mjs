/** A list as it is commonly recorded: each page parsed, each item a line of JSON in a file. */
import { createWriteStream } from "node:fs";
import { once } from "node:events";

const out = createWriteStream(process.env.BENCH_FILE);
let next = "";
do {
  const query = `limit=500${next === "" ? "" : `&continue=${next}`}`;
  const response = await fetch(`${process.env.BENCH_SERVER}/api/v1/namespaces/bench/pods?${query}`);
  const { items, metadata } = JSON.parse(await response.text());
  for (const object of items) {
    if (!out.write(`${JSON.stringify({ type: "LISTED", at: Date.now(), object })}\n`)) await once(out, "drain");
  }
  next = metadata.continue ?? "";
} while (next !== "");
out.end(() => process.exit(0));
