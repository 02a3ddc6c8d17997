/**
 * Which kinds can belong to a root, or concern it. A table of what Kubernetes' own controllers create; a custom kind can own
 * anything, so for it the common kinds and those of its own group are followed. Beside them stand the kinds that act on
 * pods and cannot be known from the pods. This chooses what to watch, never how.
 */
import { type ApiResource, resourceName } from "../cluster/index.ts";
import type { Related } from "./options.ts";

/** Kind and group, as `Deployment.apps`; the core group has none. */
type GroupKind = string;

/** What the controllers of kube-controller-manager create for an object, with a controller reference to it. */
const OWNED: Readonly<Record<GroupKind, readonly GroupKind[]>> = {
  "Deployment.apps": ["ReplicaSet.apps"],
  "ReplicaSet.apps": ["Pod"],
  ReplicationController: ["Pod"],
  "StatefulSet.apps": ["Pod", "ControllerRevision.apps", "PersistentVolumeClaim"],
  "DaemonSet.apps": ["Pod", "ControllerRevision.apps"],
  "CronJob.batch": ["Job.batch"],
  "Job.batch": ["Pod"],
};

/** Kinds whose objects mean pods by their labels: as a root they take the pods along. */
const SELECTS_PODS: readonly GroupKind[] = ["Service", "PodDisruptionBudget.policy", "NetworkPolicy.networking.k8s.io"];

/**
 * What acts on pods without the pods naming it: found only by watching. What pods do name (ConfigMaps, Nodes, claims, …) is
 * followed when the first of them is seen, so that few connections are open.
 */
const BESIDE_PODS: readonly (readonly [kind: GroupKind, why: string])[] = [
  ["Service", "can select the pods"],
  ["EndpointSlice.discovery.k8s.io", "lists the pods of a Service"],
  ["HorizontalPodAutoscaler.autoscaling", "can scale the workload"],
  ["PodDisruptionBudget.policy", "can select the pods"],
  ["Ingress.networking.k8s.io", "can route to a Service of the pods"],
  ["HTTPRoute.gateway.networking.k8s.io", "can route to a Service of the pods"],
  ["NetworkPolicy.networking.k8s.io", "can select the pods"],
  ["ResourceQuota", "can limit what is created"],
  ["LimitRange", "can limit what is created"],
];

/** What objects of a story name, with who does. Followed from the first one on. */
export const NAMED_BY_OBJECTS: readonly (readonly [kind: GroupKind, why: string])[] = [
  ["Node", "when a pod runs on one"],
  ["ServiceAccount", "when a pod uses one other than default"],
  ["ConfigMap", "when a pod uses one"],
  ["Secret", "when a pod uses one"],
  ["PersistentVolumeClaim", "when a pod uses one"],
  ["PersistentVolume", "when a claim is bound to one"],
  ["StorageClass.storage.k8s.io", "when a claim names one"],
  ["PriorityClass.scheduling.k8s.io", "when a pod names one"],
];

/** What operators commonly create. */
const COMMONLY_OWNED: readonly GroupKind[] = [
  "Pod",
  "ConfigMap",
  "Secret",
  "Service",
  "ServiceAccount",
  "PersistentVolumeClaim",
  "Deployment.apps",
  "StatefulSet.apps",
  "DaemonSet.apps",
  "Job.batch",
  "CronJob.batch",
  "Ingress.networking.k8s.io",
  "NetworkPolicy.networking.k8s.io",
  "PodDisruptionBudget.policy",
  "HorizontalPodAutoscaler.autoscaling",
];

/** Kinds whose changes are heartbeats or answers computed on request: no story is in them. */
const NEVER: readonly GroupKind[] = ["Lease.coordination.k8s.io", "ComponentStatus", "Event", "Event.events.k8s.io"];

export interface RelatedKind {
  readonly resource: ApiResource;
  /** `owned by Deployment`, `asked for`, … */
  readonly why: string;
  /** It can explain a root and is no part of it: what cannot be read of it leaves the story whole. */
  readonly isContext: boolean;
}

/** The kinds to follow besides the roots, in the order in which they were found. Events are not among them: every capture follows those. */
export function relatedKinds(
  roots: readonly ApiResource[],
  choice: { readonly related: Related; readonly hasUnknownRoots: boolean },
  served: readonly ApiResource[],
): RelatedKind[] {
  const { related, hasUnknownRoots } = choice;
  const rootNames = new Set(roots.map(resourceName));
  const isOther = ({ resource }: RelatedKind): boolean =>
    !rootNames.has(resourceName(resource)) && !NEVER.includes(groupKind(resource));
  if (related === "none") return [];
  if (related === "all")
    return preferred(served)
      .filter(isRecordable)
      .map((resource) => ({ resource, why: "--related=all", isContext: false }))
      .filter(isOther);
  const owned = ownedKinds(roots, hasUnknownRoots, served);
  if (related === "owned") return owned.filter(isOther);
  if (related === "auto") return [...owned, ...besideKinds(roots, owned, served)].filter(isOther);
  return served
    .filter((resource) => related.some((text) => resourceName(resource) === text))
    .map((resource) => ({ resource, why: "--related", isContext: false }))
    .filter(isOther);
}

/** The kinds beside pods, when pods are followed, and the pods themselves, when a root can select them. */
function besideKinds(
  roots: readonly ApiResource[],
  owned: readonly RelatedKind[],
  served: readonly ApiResource[],
): RelatedKind[] {
  const known = new Set([...roots, ...owned.map(({ resource }) => resource)].map(groupKind));
  const selecting = roots.find((root) => SELECTS_PODS.includes(groupKind(root)));
  const pods = selecting === undefined ? [] : [["Pod", `can be selected by ${selecting.kind}`] as const];
  if (!known.has("Pod") && pods.length === 0) return [];
  const candidates = preferred(served).filter(isRecordable);
  const hasSlices = candidates.some((resource) => groupKind(resource) === "EndpointSlice.discovery.k8s.io");
  const endpoints = hasSlices ? [] : [["Endpoints", "lists the pods of a Service"] as const];
  return [...pods, ...BESIDE_PODS, ...endpoints].flatMap(([name, why]) =>
    known.has(name) ? [] : kindsNamed([name], candidates).map((resource) => ({ resource, why, isContext: name !== "Pod" })),
  );
}

/** Follows `OWNED` from kind to kind. */
function ownedKinds(roots: readonly ApiResource[], hasUnknownRoots: boolean, served: readonly ApiResource[]): RelatedKind[] {
  const found = new Map<GroupKind, RelatedKind>();
  // What a kind that is still to come will own is watched before it comes, so that nothing of it is missed.
  const early = hasUnknownRoots ? kindsNamed(COMMONLY_OWNED, preferred(served).filter(isRecordable)) : [];
  for (const resource of early)
    found.set(groupKind(resource), { resource, why: "can be owned by the kind that is waited for", isContext: false });
  const pending = [...roots];
  for (let owner = pending.shift(); owner !== undefined; owner = pending.shift()) {
    for (const resource of ownedBy(owner, served)) {
      if (found.has(groupKind(resource))) continue;
      found.set(groupKind(resource), { resource, why: `can be owned by ${owner.kind}`, isContext: false });
      pending.push(resource);
    }
  }
  return [...found.values()];
}

function ownedBy(owner: ApiResource, served: readonly ApiResource[]): ApiResource[] {
  const candidates = preferred(served).filter(isRecordable);
  const names = isBuiltIn(owner.group) ? (OWNED[groupKind(owner)] ?? []) : COMMONLY_OWNED;
  const sameGroup = isBuiltIn(owner.group) ? [] : candidates.filter((resource) => resource.group === owner.group);
  return [...kindsNamed(names, candidates), ...sameGroup];
}

export function kindsNamed(names: readonly GroupKind[], candidates: readonly ApiResource[]): ApiResource[] {
  return names.flatMap((name) => candidates.filter((resource) => groupKind(resource) === name));
}

/** The first served version of each kind: discovery lists the preferred one first. */
export function preferred(served: readonly ApiResource[]): ApiResource[] {
  const seen = new Map<GroupKind, ApiResource>();
  for (const resource of served) if (!seen.has(groupKind(resource))) seen.set(groupKind(resource), resource);
  return [...seen.values()];
}

export function isRecordable(resource: ApiResource): boolean {
  return resource.verbs.includes("list") && resource.verbs.includes("watch");
}

/** Groups without a dot, and those of Kubernetes itself. */
function isBuiltIn(group: string): boolean {
  return !group.includes(".") || group.endsWith(".k8s.io");
}

export function groupKind(resource: Pick<ApiResource, "kind" | "group">): GroupKind {
  return resource.group === "" ? resource.kind : `${resource.kind}.${resource.group}`;
}
