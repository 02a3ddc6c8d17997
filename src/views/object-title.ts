/** How objects are called: `deployment/web`. */

/** `Deployment` of `apps/v1/Deployment`. */
export function kindOf(resourceType: string): string {
  return resourceType.slice(resourceType.lastIndexOf("/") + 1);
}

/** As kubectl shortens kinds. */
const SHORT_KINDS: Readonly<Record<string, string>> = {
  cj: "cronjob",
  cm: "configmap",
  deploy: "deployment",
  ds: "daemonset",
  ep: "endpoints",
  ev: "event",
  hpa: "horizontalpodautoscaler",
  ing: "ingress",
  netpol: "networkpolicy",
  no: "node",
  ns: "namespace",
  pdb: "poddisruptionbudget",
  po: "pod",
  pv: "persistentvolume",
  pvc: "persistentvolumeclaim",
  quota: "resourcequota",
  rs: "replicaset",
  sa: "serviceaccount",
  sts: "statefulset",
  svc: "service",
};

/** True for `deployment/web`, `deployments/web`, `deploy/web` of that object; `wanted` is in lower case. */
export function isTitled(object: { readonly resource_type: string; readonly name: string }, wanted: string): boolean {
  const [kind = "", name] = wanted.split("/");
  const own = kindOf(object.resource_type).toLowerCase();
  const names = [own, `${own}s`, `${own}es`, own.replace(/y$/, "ies")];
  return name === object.name && names.includes(SHORT_KINDS[kind] ?? kind);
}

/** `deployment/web` of an object that a story lists. */
export function titleOf({ resource_type: type, name }: { readonly resource_type: string; readonly name: string }): string {
  return `${kindOf(type).toLowerCase()}/${name}`;
}
