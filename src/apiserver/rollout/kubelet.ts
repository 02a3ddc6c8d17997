/** The kubelets of all nodes: each pod that is bound to a node lives through a `PodRunner`. */
import { listAt, textAt } from "../json-value.ts";
import { decodeKubeObject } from "../kube-object.ts";
import type { SimulatedCluster } from "./cluster.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { NODES } from "./manifests.ts";
import { type Node, PodRunner } from "./pod-runner.ts";

export function startKubelets(cluster: SimulatedCluster, events: EventRecorder): void {
  const nodes = new Map(NODES.map((name, at): [string, Node] => [name, { name, number: at + 1, images: new Set(), pods: 0 }]));
  const runners = new Map<string, PodRunner>();
  cluster.react(
    "kubelet",
    (version) => version.storage === "/pods",
    async (version) => {
      const pod = decodeKubeObject(version.text);
      const node = nodes.get(textAt(pod, "spec", "nodeName") ?? "");
      if (node === undefined) return;
      const known = runners.get(version.uid);
      if (version.change === "DELETED") runners.delete(version.uid);
      else if (known !== undefined && pod.metadata["deletionTimestamp"] !== undefined) known.stop();
      else if (known === undefined && listAt(pod, "spec", "containers").length > 0) {
        const runner = new PodRunner({ cluster, events, node }, pod);
        runners.set(version.uid, runner);
        await runner.live();
      }
    },
  );
}
