/** The ReplicaSet controller: as many pods as the spec says, the not ready ones deleted first (kubernetes `replica_set.go`). */
import { listAt, numberAt, objectAt, textAt, textMapAt, valueAt } from "../json-value.ts";
import type { KubeObject } from "../kube-object.ts";
import { controlledBy, refOf, type SimulatedCluster } from "./cluster.ts";
import type { EventRecorder } from "./event-recorder.ts";

const MANAGER = "kube-controller-manager";
const COMPONENT = "replicaset-controller";

/** Keeps the ReplicaSets of one namespace. */
export function startReplicaSetController(cluster: SimulatedCluster, events: EventRecorder): void {
  cluster.reconcile(
    COMPONENT,
    (version) => version.storage === "/pods" || version.storage === "apps/replicasets",
    () => {
      const sets = cluster.history.read("apps/replicasets");
      if (sets.kind !== "state") return;
      for (const set of sets.versions) {
        const object = cluster.read({
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          namespace: set.namespace ?? "",
          name: set.name,
        });
        if (object !== undefined) sync(cluster, events, object);
      }
    },
  );
}

/** Pods that count: neither finished nor being deleted (`controller_utils.go FilterActivePods`). */
export function activePods(cluster: SimulatedCluster, set: KubeObject): readonly KubeObject[] {
  return cluster.ownedBy("/pods", set.metadata.uid ?? "").filter((pod) => pod.metadata["deletionTimestamp"] === undefined);
}

export function isReady(pod: KubeObject): boolean {
  return listAt(pod, "status", "conditions").some(
    (condition) => textAt(condition, "type") === "Ready" && textAt(condition, "status") === "True",
  );
}

function sync(cluster: SimulatedCluster, events: EventRecorder, set: KubeObject): void {
  const wanted = numberAt(set, "spec", "replicas") ?? 1;
  const pods = activePods(cluster, set);
  for (let missing = wanted - pods.length; missing > 0; missing--) createPod(cluster, events, set);
  const surplus = pods.toSorted((a, b) => Number(isReady(a)) - Number(isReady(b))).slice(0, Math.max(0, pods.length - wanted));
  for (const pod of surplus) deletePod(cluster, events, { set, pod });
  writeStatus(cluster, set);
}

function createPod(cluster: SimulatedCluster, events: EventRecorder, set: KubeObject): void {
  const name = `${set.metadata.name}-${cluster.chance.suffix()}`;
  cluster.create(podOf(set, name, cluster.chance.suffix()), MANAGER);
  events.record({ about: set, reason: "SuccessfulCreate", message: `Created pod: ${name}`, component: COMPONENT });
}

function deletePod(
  cluster: SimulatedCluster,
  events: EventRecorder,
  { set, pod }: { readonly set: KubeObject; readonly pod: KubeObject },
): void {
  const isBound = textAt(pod, "spec", "nodeName") !== undefined;
  const grace = numberAt(pod, "spec", "terminationGracePeriodSeconds") ?? 30;
  // Without a node nobody would end it: such a pod goes at once (`pod/strategy.go CheckGracefulDelete`).
  cluster.history.requestDeletion(refOf(pod), isBound ? grace : 0);
  events.record({ about: set, reason: "SuccessfulDelete", message: `Deleted pod: ${pod.metadata.name}`, component: COMPONENT });
}

function writeStatus(cluster: SimulatedCluster, set: KubeObject): void {
  const pods = activePods(cluster, set);
  const ready = pods.filter(isReady).length;
  cluster.writeStatus(refOf(set), MANAGER, {
    replicas: pods.length,
    ...(pods.length === 0 ? {} : { fullyLabeledReplicas: pods.length }),
    ...(ready === 0 ? {} : { readyReplicas: ready, availableReplicas: ready }),
    observedGeneration: numberAt(set, "metadata", "generation") ?? 1,
  });
}

function podOf(set: KubeObject, name: string, tokenSuffix: string): KubeObject {
  const template = objectAt(set, "spec", "template", "spec");
  const token = `kube-api-access-${tokenSuffix}`;
  const mount = { name: token, readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" };
  const withToken = (container: unknown): unknown => ({
    ...objectAt(container),
    volumeMounts: [...listAt(container, "volumeMounts"), mount],
  });
  const toleration = (key: string): unknown => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      name,
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace ?? "default",
      labels: textMapAt(set, "spec", "template", "metadata", "labels"),
      ownerReferences: controlledBy(set),
    },
    spec: {
      ...template,
      volumes: [...listAt(template, "volumes"), tokenVolume(token)],
      initContainers: listAt(template, "initContainers").map(withToken),
      containers: listAt(template, "containers").map(withToken),
      serviceAccountName: "default",
      serviceAccount: "default",
      tolerations: ["not-ready", "unreachable"].map((key) => toleration(`node.kubernetes.io/${key}`)),
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: "PreemptLowerPriority",
    },
    status: { phase: "Pending", qosClass: valueAt(template, "containers") === undefined ? "BestEffort" : "Burstable" },
  };
}

function tokenVolume(name: string): unknown {
  const namespaceField = { path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } };
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3_607, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    { downwardAPI: { items: [namespaceField] } },
  ];
  return { name, projected: { sources, defaultMode: 420 } };
}
