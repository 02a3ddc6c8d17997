/** Following logs as it is commonly written: client-node's Log, a line reader, a line of JSON for each. Ends after BENCH_LINES lines. */
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { KubeConfig, Log } from "@kubernetes/client-node";

const config = new KubeConfig();
config.loadFromFile(process.env.BENCH_KUBECONFIG);
// It refuses plain HTTP otherwise.
config.getCurrentCluster().skipTLSVerify = true;
const out = createWriteStream(process.env.BENCH_FILE);
let left = Number(process.env.BENCH_LINES);

for (let at = 0; at < Number(process.env.BENCH_STREAMS); at++) {
  const pod = `pod-${at}`;
  const stream = new PassThrough();
  createInterface({ input: stream }).on("line", (line) => {
    out.write(`${JSON.stringify({ pod, at: Date.now(), line })}\n`);
    if (--left === 0) out.end(() => process.exit(0));
  });
  void new Log(config).log("bench", pod, "app", stream, { follow: true, timestamps: true });
}
