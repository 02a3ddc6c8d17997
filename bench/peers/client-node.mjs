/** The alternative, as it is commonly written: client-node's Watch, JSON.stringify, a write stream. Ends after BENCH_EVENTS events. */
import { createWriteStream } from "node:fs";
import { KubeConfig, Watch } from "@kubernetes/client-node";

const config = new KubeConfig();
config.loadFromFile(process.env.BENCH_KUBECONFIG);
const out = createWriteStream(process.env.BENCH_FILE);
let left = Number(process.env.BENCH_EVENTS);

const APPS = ["deployments", "replicasets"];
const namespaces = process.env.BENCH_NAMESPACES.split(",");
const collections = process.env.BENCH_KIND.split(",").flatMap((kind) =>
  namespaces.map((namespace) => `/${APPS.includes(kind) ? "apis/apps" : "api"}/v1/namespaces/${namespace}/${kind}`),
);
for (const collection of collections) {
  await new Watch(config).watch(
    collection,
    {},
    (type, object) => {
      out.write(`${JSON.stringify({ type, at: Date.now(), object })}\n`);
      if (--left === 0) out.end(() => process.exit(0));
    },
    () => process.exit(1),
  );
}
