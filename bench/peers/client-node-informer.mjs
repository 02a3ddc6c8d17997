/** An informer of client-node, as it is commonly used to follow objects: it keeps the newest version of each and, here, counts. */
import { CoreV1Api, KubeConfig, makeInformer } from "@kubernetes/client-node";

const config = new KubeConfig();
config.loadFromFile(process.env.BENCH_KUBECONFIG);
const api = config.makeApiClient(CoreV1Api);
let left = Number(process.env.BENCH_EVENTS);

/** The benchmark's server gives pages, whoever asks. */
async function list() {
  const items = [];
  let page;
  do {
    page = await api.listNamespacedPod({ namespace: "bench", limit: 500, _continue: page?.metadata._continue });
    items.push(...page.items);
  } while (page.metadata._continue);
  return { metadata: page.metadata, items };
}

const count = () => {
  if (--left === 0) process.exit(0);
};
const informer = makeInformer(config, "/api/v1/namespaces/bench/pods", list);
for (const verb of ["add", "update"]) informer.on(verb, count);
informer.on("error", () => process.exit(1));
await informer.start();
if (left === 0) process.exit(0);
