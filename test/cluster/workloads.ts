/** Workloads for the tests. Their only images are those that the cluster brings along. */

interface WorkloadOptions {
  readonly replicas?: number;
  readonly image?: "testbed.local/box:1" | "testbed.local/box:2";
  readonly command?: readonly string[];
  /** `kwok` puts the pods on the simulated nodes. */
  readonly node?: "real" | "kwok";
}

/** Writes ten numbered lines a second to stdout, every fifth to stderr. */
export const WRITING: readonly string[] = ["workload", "log", "--rate=10", "--stderr-every=5"];

/** Writes two lines and ends with code 3. It lives long enough that the node still has its log when the API server says that it runs. Shorter lives: `log-faults.test.ts`. */
export const CRASHING: readonly string[] = ["sh", "-c", "echo starting; sleep 2; echo 'cannot reach the database' >&2; exit 3"];

export function deployment(name: string, options: WorkloadOptions = {}): unknown {
  return workload("Deployment", name, options, {});
}

export function statefulSet(name: string, options: WorkloadOptions = {}): unknown {
  return workload("StatefulSet", name, options, { serviceName: name });
}

export function daemonSet(name: string): unknown {
  const { replicas: _replicas, ...spec } = workload("DaemonSet", name, {}, {}).spec;
  return { apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name }, spec };
}

/** Runs every minute; its pod writes three lines. */
export function cronJob(name: string): unknown {
  const template = {
    spec: { ...podSpec({ command: ["sh", "-c", "echo one; sleep 1; echo two; sleep 1; echo three"] }), restartPolicy: "Never" },
  };
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name },
    spec: { schedule: "* * * * *", jobTemplate: { spec: { template } } },
  };
}

/** A pod that ends by itself; with `owner` it belongs to that object. */
export function pod(name: string, owner?: Owner): unknown {
  const command = ["sh", "-c", "for i in $(seq 20); do echo line $i; sleep 0.1; done"];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...ownedBy(owner) },
    spec: { ...podSpec({ command }), restartPolicy: "Never" },
  };
}

export interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

export function configMap(name: string, data: Readonly<Record<string, string>>, owner?: Owner): unknown {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...ownedBy(owner) }, data };
}

/** A custom resource definition whose objects take any fields. */
export function customResource(group: string, kind: string): unknown {
  const singular = kind.toLowerCase();
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${singular}s.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: `${singular}s`, singular, kind },
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  };
}

/** A strategic merge patch that gives a workload's container another image and command. */
export function changed(image: "testbed.local/box:1" | "testbed.local/box:2", command: readonly string[]): string {
  return JSON.stringify({ spec: { template: { spec: { containers: [{ name: "app", image, command }] } } } });
}

function workload(kind: string, name: string, options: WorkloadOptions, more: Readonly<Record<string, unknown>>) {
  const labels = { app: name };
  const spec = {
    replicas: options.replicas ?? 2,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: podSpec(options) },
    ...more,
  };
  return { apiVersion: "apps/v1", kind, metadata: { name }, spec };
}

function podSpec(options: WorkloadOptions): object {
  const place = {
    nodeSelector: { "testbed/kind": options.node ?? "real" },
    ...(options.node === "kwok" ? { tolerations: [{ operator: "Exists" }] } : {}),
  };
  const container = { name: "app", image: options.image ?? "testbed.local/box:1", command: options.command ?? WRITING };
  return { ...place, terminationGracePeriodSeconds: 1, containers: [container] };
}

function ownedBy(owner: Owner | undefined): object {
  return owner === undefined ? {} : { ownerReferences: [{ ...owner, controller: true }] };
}
