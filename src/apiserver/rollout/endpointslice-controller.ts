/** The EndpointSlice controller: which pods a Service leads to, and whether they are ready (`reconciler.go`). */
import { listAt, textAt, textMapAt, valueAt } from "../json-value.ts";
import type { KubeObject } from "../kube-object.ts";
import { controlledBy, refOf, type SimulatedCluster } from "./cluster.ts";
import { APP, NAMESPACE } from "./manifests.ts";
import { isReady } from "./replicaset-controller.ts";

const MANAGER = "kube-controller-manager";

/** Keeps the slice of the one Service there is. */
export function startEndpointSliceController(cluster: SimulatedCluster): void {
  const name = `${APP}-${cluster.chance.suffix()}`;
  cluster.reconcile(
    "endpointslice-controller",
    (version) => version.storage === "/pods" || version.storage === "/services",
    () => sync(cluster, name),
  );
}

function sync(cluster: SimulatedCluster, name: string): void {
  const service = cluster.read({ apiVersion: "v1", kind: "Service", namespace: NAMESPACE, name: APP });
  if (service === undefined) return;
  const slice = cluster.read({ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", namespace: NAMESPACE, name });
  const endpoints = podsBehind(cluster, service)
    .filter((pod) => textAt(pod, "status", "podIP") !== undefined)
    .map(endpoint);
  if (slice === undefined) cluster.create(sliceOf(service, name, endpoints), MANAGER);
  else if (JSON.stringify(slice["endpoints"]) !== JSON.stringify(endpoints)) {
    cluster.write(refOf(slice), MANAGER, (object) => ({ ...object, endpoints }));
  }
}

function podsBehind(cluster: SimulatedCluster, service: KubeObject): readonly KubeObject[] {
  const selector = Object.entries(textMapAt(service, "spec", "selector"));
  const pods = cluster.history.read("/pods");
  const chosen =
    pods.kind === "state" ? pods.versions.filter((pod) => selector.every(([key, value]) => pod.labels[key] === value)) : [];
  return chosen.flatMap(
    (pod) => cluster.read({ apiVersion: "v1", kind: "Pod", namespace: pod.namespace ?? NAMESPACE, name: pod.name }) ?? [],
  );
}

function endpoint(pod: KubeObject): unknown {
  const terminating = pod.metadata["deletionTimestamp"] !== undefined;
  return {
    addresses: listAt(pod, "status", "podIPs").map((one) => textAt(one, "ip")),
    conditions: { ready: isReady(pod) && !terminating, serving: isReady(pod), terminating },
    targetRef: { kind: "Pod", namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid },
    nodeName: valueAt(pod, "spec", "nodeName"),
  };
}

function sliceOf(service: KubeObject, name: string, endpoints: readonly unknown[]): KubeObject {
  return {
    kind: "EndpointSlice",
    apiVersion: "discovery.k8s.io/v1",
    metadata: {
      name,
      generateName: `${APP}-`,
      namespace: NAMESPACE,
      labels: {
        app: APP,
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": APP,
      },
      ownerReferences: controlledBy(service),
    },
    addressType: "IPv4",
    endpoints,
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  };
}
