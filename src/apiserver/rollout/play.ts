/**
 * The rollout that people watch: a Deployment becomes ready, is rolled to a version that cannot read its
 * configuration, and is rolled back while the old pods serve on. About 40 s at speed 1.
 */
import { isObject, listAt, numberAt, objectAt, textAt } from "../json-value.ts";
import type { KubeObject } from "../kube-object.ts";
import { type ClusterOptions, SimulatedCluster } from "./cluster.ts";
import { generationsOf, startDeploymentController } from "./deployment-controller.ts";
import { startEndpointSliceController } from "./endpointslice-controller.ts";
import { EventRecorder } from "./event-recorder.ts";
import { startKubelets } from "./kubelet.ts";
import { APP, applicationObjects, clusterObjects, deployment, DEPLOYMENT, IMAGE } from "./manifests.ts";
import { isReady, startReplicaSetController } from "./replicaset-controller.ts";
import { startScheduler } from "./scheduler.ts";
import { secondsTime } from "../history.ts";

export interface RolloutOptions extends Omit<ClusterOptions, "speed"> {
  /** 1 unless given; 4 plays in a quarter of the time. */
  readonly speed?: number;
}

/** Something worth a line on a screen. */
export interface RolloutStep {
  /** Wall clock, milliseconds. */
  readonly at: number;
  readonly title: string;
}

/** Fills a history with what a cluster has before anything is deployed: nodes, namespaces, a service account. */
export function prepareCluster(options: Pick<RolloutOptions, "history" | "clock">): void {
  for (const object of clusterObjects(secondsTime(options.clock.now()))) options.history.create(object);
}

/**
 * Plays the rollout on a history that `prepareCluster` has filled. Ends by itself, or early and quietly when the
 * signal aborts. @throws Error when a part of the simulation has a bug.
 */
export async function* playRollout(options: RolloutOptions): AsyncGenerator<RolloutStep> {
  const cluster = new SimulatedCluster({ ...options, speed: options.speed ?? 1 });
  startCluster(cluster);
  try {
    for await (const title of script(cluster)) yield { at: options.clock.now(), title };
  } catch (error) {
    if (options.signal?.aborted !== true) throw cluster.failure ?? error;
  } finally {
    await cluster.scope.close();
  }
  if (cluster.failure !== undefined) throw cluster.failure;
}

function startCluster(cluster: SimulatedCluster): void {
  const events = new EventRecorder(cluster);
  startScheduler(cluster, events);
  startReplicaSetController(cluster, events);
  startDeploymentController(cluster, events);
  startEndpointSliceController(cluster);
  startKubelets(cluster, events);
}

async function* script(cluster: SimulatedCluster): AsyncGenerator<string> {
  for (const object of applicationObjects()) cluster.create(object, "kubectl-client-side-apply");
  cluster.create(deployment("1.4.0", 3), "kubectl-client-side-apply");
  yield `Deployment ${APP} is created: 3 replicas of ${IMAGE}:1.4.0`;
  await cluster.until(() => isRolledOut(cluster));
  yield "all 3 replicas are ready and serve";
  await cluster.pause(5_000);
  roll(cluster, "1.5.0", `kubectl set image deployment/${APP} ${APP}=${IMAGE}:1.5.0`);
  yield `the image is rolled to ${IMAGE}:1.5.0`;
  yield* crashes(cluster);
  roll(cluster, "1.4.0", `kubectl rollout undo deployment/${APP}`);
  yield `the Deployment is rolled back to ${IMAGE}:1.4.0`;
  await cluster.until(() => isRolledOut(cluster) && newPod(cluster) === undefined);
  yield "the rollout is complete: the 3 pods of 1.4.0 never stopped serving";
  await cluster.pause(5_000);
}

async function* crashes(cluster: SimulatedCluster): AsyncGenerator<string> {
  await cluster.until(() => restarts(cluster) !== undefined);
  yield `the new pod ${newPod(cluster)?.metadata.name} starts`;
  for (const count of [1, 2]) {
    await cluster.until(() => (restarts(cluster) ?? 0) >= count);
    const pods = `${readyPods(cluster)} old pods serve on`;
    yield `its container exited with code 1 and was started again (restart ${count}); ${pods}`;
  }
  await cluster.until(() => waitingReason(cluster) === "CrashLoopBackOff");
  yield "the pod is in CrashLoopBackOff: 20 s until the next attempt";
  await cluster.pause(8_000);
}

/** What `kubectl set image` and `kubectl rollout undo` do: a new template and the reason why. */
function roll(cluster: SimulatedCluster, version: string, cause: string): void {
  cluster.write(DEPLOYMENT, cause.startsWith("kubectl set") ? "kubectl-set" : "kubectl-rollout", (object) => {
    const template = objectAt(object, "spec", "template");
    const pod = objectAt(template, "spec");
    const retag = (container: unknown): unknown =>
      isObject(container) ? { ...container, image: `${IMAGE}:${version}` } : container;
    const spec = {
      ...pod,
      initContainers: listAt(pod, "initContainers").map(retag),
      containers: listAt(pod, "containers").map(retag),
    };
    return {
      ...object,
      metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, "kubernetes.io/change-cause": cause } },
      spec: { ...objectAt(object, "spec"), template: { ...template, spec } },
    };
  });
}

/** As `kubectl rollout status` decides it. */
function isRolledOut(cluster: SimulatedCluster): boolean {
  const object = cluster.read(DEPLOYMENT);
  const observed = numberAt(object, "status", "observedGeneration") === numberAt(object, "metadata", "generation");
  const counts = ["replicas", "updatedReplicas", "availableReplicas"].map((field) => numberAt(object, "status", field));
  return observed && counts.every((count) => count === 3);
}

/** The pod of 1.5.0, whether it belongs to the present template or no longer. */
function newPod(cluster: SimulatedCluster): KubeObject | undefined {
  const object = cluster.read(DEPLOYMENT);
  if (object === undefined) return undefined;
  const { current, old } = generationsOf(cluster, object);
  const sets = current === undefined ? old : [current, ...old];
  const pods = sets.flatMap((set) => cluster.ownedBy("/pods", set.metadata.uid ?? ""));
  return pods.find((pod) => textAt(listAt(pod, "spec", "containers")[0], "image") === `${IMAGE}:1.5.0`);
}

function readyPods(cluster: SimulatedCluster): number {
  const pods = cluster.history.read("/pods");
  if (pods.kind !== "state") return 0;
  return pods.versions.filter((version) => {
    const pod = cluster.read({ apiVersion: "v1", kind: "Pod", namespace: version.namespace ?? "", name: version.name });
    return pod !== undefined && isReady(pod);
  }).length;
}

/** How often the new pod's container was restarted, once it has started at all. */
function restarts(cluster: SimulatedCluster): number | undefined {
  const status = listAt(newPod(cluster), "status", "containerStatuses")[0];
  return textAt(status, "containerID") === undefined ? undefined : numberAt(status, "restartCount");
}

function waitingReason(cluster: SimulatedCluster): string | undefined {
  return textAt(listAt(newPod(cluster), "status", "containerStatuses")[0], "state", "waiting", "reason");
}
