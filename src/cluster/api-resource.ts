/** One kind that the API server serves, as discovery tells it. */

export interface ApiResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  /** Plural REST name: `deployments`. */
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

/** `deployments.v1.apps`; `pods.v1` in the core group. */
export function resourceName(resource: Pick<ApiResource, "plural" | "version" | "group">): string {
  const known = names.get(resource);
  if (known !== undefined) return known;
  const name = [resource.plural, resource.version, resource.group].filter((part) => part !== "").join(".");
  names.set(resource, name);
  return name;
}

/** It is asked for with each version of an object; one text for all of them is also compared faster than as many. */
const names = new WeakMap<Pick<ApiResource, "plural" | "version" | "group">, string>();

/** `/apis/apps/v1/namespaces/prod/deployments`, `/api/v1/nodes`; all namespaces when none is given. */
export function collectionPath(resource: ApiResource, namespace?: string): string {
  const base = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const within = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${base}${within}/${resource.plural}`;
}
