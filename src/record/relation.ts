/**
 * What one object says about others beyond ownership: whom it names, and whom it selects by labels. Read from every
 * version (`normalise/relations`), turned into time intervals by the correlator, never part of an object's identity.
 */

/** Every kind of relation there is. What each one draws into a story is decided in `correlate/relation-rules.ts`. */
export type RelationType =
  /** A pod and its Node. */
  | "runs-on"
  /** A pod and its configuration: ConfigMap, Secret, ServiceAccount, claim, PriorityClass, RuntimeClass. */
  | "uses"
  /** What a used object rests on in turn: claim and volume, volume and StorageClass, Ingress and its class. */
  | "rests-on"
  /** A Service, PodDisruptionBudget or NetworkPolicy and the pods that its selector matches. */
  | "selects"
  /** A ResourceQuota or LimitRange and what can create pods in its namespace. */
  | "limits"
  /** An EndpointSlice or Endpoints and its Service. */
  | "publishes"
  /** An EndpointSlice or Endpoints and the pods in it. */
  | "lists"
  /** An Ingress or route and its backend Service. */
  | "routes-to"
  /** A HorizontalPodAutoscaler and what it scales. */
  | "scales"
  /** A Kubernetes Event and the webhook configuration that its message names. */
  | "names"
  /** A label that a deployment tool left. A hint, no proof. */
  | "managed-by";

/** An object named by another one. */
export interface NamedRelation {
  readonly relation: RelationType;
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  /** Undefined for a kind without namespaces. */
  readonly namespace?: string;
  readonly name: string;
  /** Where the reference holds one: an object of another uid is not meant. */
  readonly uid?: string;
  /** Fields and values: `spec.nodeName=node-1`; several are joined by commas. */
  readonly proof: string;
}

/** One term of a label selector. */
export type LabelTerm =
  | { readonly operator: "exists" | "absent"; readonly key: string }
  | { readonly operator: "in" | "not-in"; readonly key: string; readonly values: readonly string[] };

/** Objects of the holder's namespace that are meant by their labels. No term means all of them. */
export interface SelectingRelation {
  readonly relation: "selects" | "limits";
  readonly terms: readonly LabelTerm[];
  readonly proof: string;
}

/** All relations of one version of one object. */
export interface ObjectRelations {
  readonly named: readonly NamedRelation[];
  readonly selecting: readonly SelectingRelation[];
  /** Further names by which others mean this object, as `<kind>.<group>/<namespace>/<name>`: the webhooks of a configuration. */
  readonly aliases: readonly string[];
}

/** How objects are named in the index of references. */
export function referenceKey(kind: string, group: string, namespace: string | undefined, name: string): string {
  return `${kind}.${group}/${namespace ?? ""}/${name}`;
}
