/**
 * The Deployment controller: one ReplicaSet per template, a rolling update within maxSurge and maxUnavailable, and the
 * conditions that `kubectl rollout status` reads (kubernetes `deployment/rolling.go`, `progress.go`).
 */
import { listAt, numberAt, objectAt, textAt, textMapAt, valueAt } from "../json-value.ts";
import type { KubeObject } from "../kube-object.ts";
import { controlledBy, refOf, type SimulatedCluster } from "./cluster.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { templateHash } from "./seeded.ts";

const MANAGER = "kube-controller-manager";
const COMPONENT = "deployment-controller";
const REVISION = "deployment.kubernetes.io/revision";
const HASH = "pod-template-hash";

export function startDeploymentController(cluster: SimulatedCluster, events: EventRecorder): void {
  cluster.reconcile(
    COMPONENT,
    (version) => version.storage === "apps/deployments" || version.storage === "apps/replicasets",
    () => {
      const deployments = cluster.history.read("apps/deployments");
      if (deployments.kind !== "state") return;
      for (const { namespace, name } of deployments.versions) {
        const deployment = cluster.read({ apiVersion: "apps/v1", kind: "Deployment", namespace: namespace ?? "default", name });
        if (deployment !== undefined) sync(cluster, events, deployment);
      }
    },
  );
}

/** The ReplicaSets of a Deployment: the one of its present template, if there is one yet, and the others. */
export interface Generations {
  readonly current: KubeObject | undefined;
  readonly old: readonly KubeObject[];
}

export function generationsOf(cluster: SimulatedCluster, deployment: KubeObject): Generations {
  const hash = hashOf(deployment);
  const sets = cluster.ownedBy("apps/replicasets", deployment.metadata.uid ?? "");
  const isCurrent = (set: KubeObject): boolean => set.metadata.labels?.[HASH] === hash;
  return { current: sets.find(isCurrent), old: sets.filter((set) => !isCurrent(set)) };
}

function sync(cluster: SimulatedCluster, events: EventRecorder, deployment: KubeObject): void {
  const generations = generationsOf(cluster, deployment);
  if (generations.current === undefined) createReplicaSet(cluster, events, { deployment, old: generations.old });
  else if (!renumber(cluster, deployment, generations)) scale(cluster, events, deployment);
  const latest = cluster.read(refOf(deployment));
  if (latest !== undefined) writeStatus(cluster, latest);
}

function createReplicaSet(
  cluster: SimulatedCluster,
  events: EventRecorder,
  { deployment, old }: { readonly deployment: KubeObject; readonly old: readonly KubeObject[] },
): void {
  const hash = hashOf(deployment);
  const name = `${deployment.metadata.name}-${hash}`;
  const revision = String(newestRevision(old) + 1);
  const template = objectAt(deployment, "spec", "template");
  const labels = { ...textMapAt(template, "metadata", "labels"), [HASH]: hash };
  const replicas = roomFor(deployment, old, 0);
  cluster.create(
    {
      kind: "ReplicaSet",
      apiVersion: "apps/v1",
      metadata: {
        name,
        namespace: deployment.metadata.namespace ?? "default",
        labels,
        annotations: setAnnotations(deployment, revision),
        ownerReferences: controlledBy(deployment),
      },
      spec: { replicas, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } },
      status: { replicas: 0 },
    },
    MANAGER,
  );
  annotate(cluster, deployment, revision);
  scaledEvent(events, deployment, { name, from: 0, to: replicas });
}

/** A template that was used before gets the newest number again: that is what a roll-back is. */
function renumber(cluster: SimulatedCluster, deployment: KubeObject, { current, old }: Generations): boolean {
  if (current === undefined) return false;
  const own = Number(current.metadata.annotations?.[REVISION] ?? "0");
  const revision = String(Math.max(own, newestRevision(old) + 1));
  if (own > newestRevision(old)) return annotate(cluster, deployment, revision);
  const history = [current.metadata.annotations?.["deployment.kubernetes.io/revision-history"], String(own)]
    .filter(Boolean)
    .join(",");
  const annotations = { ...setAnnotations(deployment, revision), "deployment.kubernetes.io/revision-history": history };
  cluster.write(refOf(current), MANAGER, (set) => ({ ...set, metadata: { ...set.metadata, annotations } }));
  return annotate(cluster, deployment, revision);
}

function annotate(cluster: SimulatedCluster, deployment: KubeObject, revision: string): boolean {
  if (deployment.metadata.annotations?.[REVISION] === revision) return false;
  cluster.write(refOf(deployment), MANAGER, (object) => ({
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [REVISION]: revision } },
  }));
  return true;
}

/** Makes one step: the new ReplicaSet up as far as the surge allows, else the old ones down. */
function scale(cluster: SimulatedCluster, events: EventRecorder, deployment: KubeObject): void {
  const { current, old } = generationsOf(cluster, deployment);
  if (current === undefined) return;
  const size = specReplicas(current);
  const goal = size > specReplicas(deployment) ? specReplicas(deployment) : roomFor(deployment, old, size);
  if (goal !== size) return resize(cluster, events, { deployment, set: current, to: goal });
  const minAvailable = specReplicas(deployment) - limit(deployment, "maxUnavailable", Math.floor);
  const all = [current, ...old].reduce((sum, set) => sum + specReplicas(set), 0);
  let surplus = all - minAvailable - (size - available(current));
  for (const set of old.toSorted((a, b) => available(a) - available(b))) {
    const step = Math.min(Math.max(0, surplus), specReplicas(set));
    surplus -= step;
    if (step > 0) resize(cluster, events, { deployment, set, to: specReplicas(set) - step });
  }
}

function roomFor(deployment: KubeObject, old: readonly KubeObject[], size: number): number {
  const wanted = specReplicas(deployment);
  const all = old.reduce((sum, set) => sum + specReplicas(set), size);
  const most = wanted + limit(deployment, "maxSurge", Math.ceil);
  return Math.min(wanted, size + Math.max(0, most - all));
}

interface Resize {
  readonly deployment: KubeObject;
  readonly set: KubeObject;
  readonly to: number;
}

function resize(cluster: SimulatedCluster, events: EventRecorder, { deployment, set, to }: Resize): void {
  const from = specReplicas(set);
  cluster.write(refOf(set), MANAGER, (object) => ({ ...object, spec: { ...objectAt(object, "spec"), replicas: to } }));
  scaledEvent(events, deployment, { name: set.metadata.name, from, to });
}

function scaledEvent(
  events: EventRecorder,
  about: KubeObject,
  step: { readonly name: string; readonly from: number; readonly to: number },
): void {
  const message = `Scaled ${step.to > step.from ? "up" : "down"} replica set ${step.name} from ${step.from} to ${step.to}`;
  events.record({ about, reason: "ScalingReplicaSet", message, component: COMPONENT });
}

function writeStatus(cluster: SimulatedCluster, deployment: KubeObject): void {
  const { current, old } = generationsOf(cluster, deployment);
  const sets = current === undefined ? old : [current, ...old];
  const sum = (field: string): number => sets.reduce((total, set) => total + (numberAt(set, "status", field) ?? 0), 0);
  const [replicas, ready, availableReplicas] = [sum("replicas"), sum("readyReplicas"), sum("availableReplicas")];
  const unavailable = Math.max(0, sets.reduce((total, set) => total + specReplicas(set), 0) - availableReplicas);
  const updated = numberAt(current, "status", "replicas") ?? 0;
  const wanted = specReplicas(deployment);
  const isComplete = updated === wanted && replicas === wanted && availableReplicas === wanted;
  const minAvailable = wanted - limit(deployment, "maxUnavailable", Math.floor);
  cluster.writeStatus(refOf(deployment), MANAGER, {
    observedGeneration: numberAt(deployment, "metadata", "generation") ?? 1,
    ...positive({
      replicas,
      updatedReplicas: updated,
      readyReplicas: ready,
      availableReplicas,
      unavailableReplicas: unavailable,
    }),
    conditions: [
      availableCondition(cluster, deployment, availableReplicas >= minAvailable),
      progressingCondition(cluster, deployment, { isComplete, name: current?.metadata.name ?? "" }),
    ],
  });
}

function availableCondition(cluster: SimulatedCluster, deployment: KubeObject, isAvailable: boolean): unknown {
  return condition(cluster, deployment, {
    type: "Available",
    status: isAvailable ? "True" : "False",
    reason: isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
    message: isAvailable ? "Deployment has minimum availability." : "Deployment does not have minimum availability.",
  });
}

function progressingCondition(
  cluster: SimulatedCluster,
  deployment: KubeObject,
  how: { readonly isComplete: boolean; readonly name: string },
): unknown {
  const message = how.isComplete
    ? `ReplicaSet "${how.name}" has successfully progressed.`
    : `ReplicaSet "${how.name}" is progressing.`;
  return condition(cluster, deployment, {
    type: "Progressing",
    status: "True",
    reason: how.isComplete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
    message,
  });
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Times of a condition move only when it does (`deployment_util.go SetDeploymentCondition`). */
function condition(cluster: SimulatedCluster, deployment: KubeObject, now: Condition): unknown {
  const before = listAt(deployment, "status", "conditions").find((one) => textAt(one, "type") === now.type);
  const isSame =
    textAt(before, "reason") === now.reason &&
    textAt(before, "message") === now.message &&
    textAt(before, "status") === now.status;
  const { type, status, reason, message } = now;
  return {
    type,
    status,
    lastUpdateTime: isSame ? valueAt(before, "lastUpdateTime") : cluster.now(),
    lastTransitionTime: textAt(before, "status") === status ? valueAt(before, "lastTransitionTime") : cluster.now(),
    reason,
    message,
  };
}

function positive(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function setAnnotations(deployment: KubeObject, revision: string): Readonly<Record<string, string>> {
  const wanted = specReplicas(deployment);
  return {
    ...deployment.metadata.annotations,
    "deployment.kubernetes.io/desired-replicas": String(wanted),
    "deployment.kubernetes.io/max-replicas": String(wanted + limit(deployment, "maxSurge", Math.ceil)),
    [REVISION]: revision,
  };
}

function newestRevision(sets: readonly KubeObject[]): number {
  return Math.max(0, ...sets.map((set) => Number(set.metadata.annotations?.[REVISION] ?? "0")));
}

function hashOf(deployment: KubeObject): string {
  return templateHash(JSON.stringify(valueAt(deployment, "spec", "template")));
}

function specReplicas(object: KubeObject): number {
  return numberAt(object, "spec", "replicas") ?? 1;
}

function available(set: KubeObject): number {
  return numberAt(set, "status", "availableReplicas") ?? 0;
}

/** A number or a percentage of the replicas; surge is rounded up, unavailability down. */
function limit(deployment: KubeObject, name: "maxSurge" | "maxUnavailable", round: (value: number) => number): number {
  const value = valueAt(deployment, "spec", "strategy", "rollingUpdate", name) ?? "25%";
  if (typeof value === "number") return value;
  return typeof value === "string" ? round((specReplicas(deployment) * Number.parseFloat(value)) / 100) : 0;
}
