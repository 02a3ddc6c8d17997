/** The scheduler: gives each new pod the node with the fewest pods. */
import { objectAt, textAt } from "../json-value.ts";
import { decodeKubeObject } from "../kube-object.ts";
import { refOf, type SimulatedCluster } from "./cluster.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { NODES } from "./manifests.ts";

export function startScheduler(cluster: SimulatedCluster, events: EventRecorder): void {
  const isNew = (text: string): boolean => textAt(JSON.parse(text), "spec", "nodeName") === undefined;
  cluster.react(
    "scheduler",
    (version) => version.storage === "/pods" && version.change === "ADDED" && isNew(version.text),
    async (version) => {
      await cluster.pause(cluster.chance.between(8, 25));
      bind(cluster, events, version.text);
    },
  );
}

function bind(cluster: SimulatedCluster, events: EventRecorder, text: string): void {
  const pod = cluster.read(refOf(decodeKubeObject(text)));
  if (pod === undefined || pod.metadata["deletionTimestamp"] !== undefined) return;
  const nodeName = leastUsedNode(cluster);
  const { namespace, name } = pod.metadata;
  events.recordBinding({
    about: pod,
    reason: "Scheduled",
    message: `Successfully assigned ${namespace}/${name} to ${nodeName}`,
    component: "default-scheduler",
  });
  const scheduled = { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: cluster.now() };
  cluster.history.update({
    ...pod,
    spec: { ...objectAt(pod, "spec"), nodeName },
    status: { ...objectAt(pod, "status"), conditions: [scheduled] },
  });
}

function leastUsedNode(cluster: SimulatedCluster): string {
  const pods = cluster.history.read("/pods");
  const used = pods.kind === "state" ? pods.versions.map((version) => version.fields["spec.nodeName"]) : [];
  const load = (node: string): number => used.filter((name) => name === node).length;
  return NODES.toSorted((a, b) => load(a) - load(b))[0] ?? "worker-1";
}
