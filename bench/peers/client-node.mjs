/** The alternative, as it is commonly written: client-node's Watch, JSON.stringify, a write stream. Ends after BENCH_EVENTS events. */
import { createWriteStream } from "node:fs";
import { KubeConfig, Watch } from "@kubernetes/client-node";

const config = new KubeConfig();
config.loadFromFile(process.env.BENCH_KUBECONFIG);
const out = createWriteStream(process.env.BENCH_FILE);
let left = Number(process.env.BENCH_EVENTS);

for (const namespace of process.env.BENCH_NAMESPACES.split(",")) {
  await new Watch(config).watch(
    `/api/v1/namespaces/${namespace}/${process.env.BENCH_KIND}`,
    {},
    (type, object) => {
      out.write(`${JSON.stringify({ type, at: Date.now(), object })}\n`);
      if (--left === 0) out.end(() => process.exit(0));
    },
    () => process.exit(1),
  );
}
