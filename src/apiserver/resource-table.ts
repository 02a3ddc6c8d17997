/** The built-in kinds that are served, as a table. Names, short names and categories are those of Kubernetes 1.35. */

/** One row: plural, kind, and what differs from the usual (namespaced, no short name, no category). */
export interface BuiltIn {
  readonly plural: string;
  readonly kind: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly clusterScoped?: true;
  /** Subresources that can be read with GET. */
  readonly subresources?: readonly string[];
  /** True for kinds whose `metadata.generation` counts changes of `spec`. */
  readonly generation?: true;
}

const ALL = ["all"];
const EXTENSIONS = ["api-extensions"];

/** Rows by group and version, in the order in which discovery names them. */
export const BUILT_IN: Readonly<Record<string, readonly BuiltIn[]>> = {
  v1: [
    { plural: "configmaps", kind: "ConfigMap", shortNames: ["cm"] },
    { plural: "endpoints", kind: "Endpoints", shortNames: ["ep"] },
    { plural: "events", kind: "Event", shortNames: ["ev"] },
    { plural: "limitranges", kind: "LimitRange", shortNames: ["limits"] },
    { plural: "namespaces", kind: "Namespace", shortNames: ["ns"], clusterScoped: true },
    { plural: "nodes", kind: "Node", shortNames: ["no"], clusterScoped: true },
    { plural: "persistentvolumeclaims", kind: "PersistentVolumeClaim", shortNames: ["pvc"] },
    { plural: "persistentvolumes", kind: "PersistentVolume", shortNames: ["pv"], clusterScoped: true },
    { plural: "pods", kind: "Pod", shortNames: ["po"], categories: ALL, subresources: ["log"], generation: true },
    { plural: "podtemplates", kind: "PodTemplate" },
    { plural: "replicationcontrollers", kind: "ReplicationController", shortNames: ["rc"], categories: ALL, generation: true },
    { plural: "resourcequotas", kind: "ResourceQuota", shortNames: ["quota"] },
    { plural: "secrets", kind: "Secret" },
    { plural: "serviceaccounts", kind: "ServiceAccount", shortNames: ["sa"] },
    { plural: "services", kind: "Service", shortNames: ["svc"], categories: ALL },
  ],
  "apiextensions.k8s.io/v1": [
    {
      plural: "customresourcedefinitions",
      kind: "CustomResourceDefinition",
      shortNames: ["crd", "crds"],
      categories: EXTENSIONS,
      clusterScoped: true,
      generation: true,
    },
  ],
  "apiregistration.k8s.io/v1": [{ plural: "apiservices", kind: "APIService", categories: EXTENSIONS, clusterScoped: true }],
  "apps/v1": [
    { plural: "controllerrevisions", kind: "ControllerRevision" },
    { plural: "daemonsets", kind: "DaemonSet", shortNames: ["ds"], categories: ALL, generation: true },
    { plural: "deployments", kind: "Deployment", shortNames: ["deploy"], categories: ALL, generation: true },
    { plural: "replicasets", kind: "ReplicaSet", shortNames: ["rs"], categories: ALL, generation: true },
    { plural: "statefulsets", kind: "StatefulSet", shortNames: ["sts"], categories: ALL, generation: true },
  ],
  "autoscaling/v2": [
    { plural: "horizontalpodautoscalers", kind: "HorizontalPodAutoscaler", shortNames: ["hpa"], categories: ALL },
  ],
  "batch/v1": [
    { plural: "cronjobs", kind: "CronJob", shortNames: ["cj"], categories: ALL, generation: true },
    { plural: "jobs", kind: "Job", categories: ALL, generation: true },
  ],
  "coordination.k8s.io/v1": [{ plural: "leases", kind: "Lease" }],
  "discovery.k8s.io/v1": [{ plural: "endpointslices", kind: "EndpointSlice", generation: true }],
  "networking.k8s.io/v1": [
    { plural: "ingressclasses", kind: "IngressClass", clusterScoped: true, generation: true },
    { plural: "ingresses", kind: "Ingress", shortNames: ["ing"], generation: true },
    { plural: "networkpolicies", kind: "NetworkPolicy", shortNames: ["netpol"], generation: true },
  ],
  "policy/v1": [{ plural: "poddisruptionbudgets", kind: "PodDisruptionBudget", shortNames: ["pdb"], generation: true }],
  "rbac.authorization.k8s.io/v1": [
    { plural: "clusterrolebindings", kind: "ClusterRoleBinding", clusterScoped: true },
    { plural: "clusterroles", kind: "ClusterRole", clusterScoped: true },
    { plural: "rolebindings", kind: "RoleBinding" },
    { plural: "roles", kind: "Role" },
  ],
  "scheduling.k8s.io/v1": [{ plural: "priorityclasses", kind: "PriorityClass", shortNames: ["pc"], clusterScoped: true }],
  "storage.k8s.io/v1": [
    { plural: "csidrivers", kind: "CSIDriver", clusterScoped: true },
    { plural: "storageclasses", kind: "StorageClass", shortNames: ["sc"], clusterScoped: true },
    { plural: "volumeattachments", kind: "VolumeAttachment", clusterScoped: true },
  ],
};
