/**
 * What belongs to a workload: for each kind of root the list that a careful engineer writes by hand, and nothing else. `*` stands for
 * what Kubernetes makes up; a number in front says how many there are.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubectl } from "./kubectl.ts";
import { FLAWLESS, Recorded } from "./recorded.ts";
import { until } from "./waiting.ts";
import { customResource, WRITING } from "./workloads.ts";

/** Concerns whatever runs in the namespace. */
const OF_THE_NAMESPACE = ["1 ResourceQuota/quota", "1 LimitRange/limits"];
const OF_ITS_PODS = ["1 Node/node-1", "1 NetworkPolicy/all", ...OF_THE_NAMESPACE];

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  "deployment-web": [
    "1 Deployment/web",
    "1 ReplicaSet/web-*",
    "2 Pod/web-*",
    "1 ConfigMap/settings",
    "1 Secret/keys",
    "1 ServiceAccount/robot",
    "1 Service/web",
    "1 EndpointSlice/web-*",
    "1 Ingress/web",
    "1 PodDisruptionBudget/web",
    "1 HorizontalPodAutoscaler/web",
    ...OF_ITS_PODS,
  ],
  "service-web": ["1 Service/web", "1 EndpointSlice/web-*", "1 Ingress/web", "2 Pod/web-*"],
  "statefulset-db": [
    "1 StatefulSet/db",
    "1 Pod/db-0",
    "1 ControllerRevision/db-*",
    "1 PersistentVolumeClaim/data-db-0",
    "1 PersistentVolume/{0}",
    "1 StorageClass/{0}",
    ...OF_ITS_PODS,
  ],
  "daemonset-agent": ["1 DaemonSet/agent", "1 Pod/agent-*", "1 ControllerRevision/agent-*", ...OF_ITS_PODS],
  "deployment-auto": [
    "1 Deployment/auto",
    "1 ReplicaSet/auto-*",
    "2 Pod/auto-*",
    "1 HorizontalPodAutoscaler/auto",
    ...OF_ITS_PODS,
  ],
  "cronjob-tick": ["1 CronJob/tick", "1 Job/tick-*", "1 Pod/tick-*", ...OF_ITS_PODS],
  "job-retry": ["1 Job/retry", "2 Pod/retry-*", ...OF_ITS_PODS],
  "pod-single": ["1 Pod/single", "1 PriorityClass/{0}", ...OF_ITS_PODS],
  "novel-long": ["1 Novel/long", "1 Chapter/first", "1 Deployment/page", "1 ReplicaSet/page-*", "1 Pod/page-*", ...OF_ITS_PODS],
};

let recorded: Recorded;

beforeAll(async () => {
  await kubectl(["apply", "-f", "-"], customResource("novels.faro.test", "Novel"));
  await kubectl(["apply", "-f", "-"], customResource("chapters.faro.test", "Chapter"));
  const kinds = "apps/v1/Deployment,apps/v1/StatefulSet,apps/v1/DaemonSet,batch/v1/CronJob,batch/v1/Job,v1/Pod,v1/Service";
  await kubectl(["wait", "--for=condition=Established", "crd/novels.novels.faro.test", "crd/chapters.chapters.faro.test"]);
  recorded = await Recorded.start(["relations"], [`--resource=${kinds},novels.faro.test/v1/Novel`, "-n", "{0}"]);
  await makeEverything();
  await recorded.end();
}, 240_000);

afterAll(async () => {
  await recorded.remove();
  const { name } = recorded.namespace;
  await kubectl(["delete", "pv,storageclass,priorityclass", name, "--ignore-not-found", "--wait=false"]);
  await kubectl(["delete", "crd", "novels.novels.faro.test", "chapters.chapters.faro.test", "--ignore-not-found"]);
});

describe("the story of", () => {
  it.each(Object.keys(EXPECTED))("%s holds what the list says, each with its proof, and nothing else", async (prefix) => {
    const story = recorded.story(prefix);
    const wanted = (EXPECTED[prefix] ?? []).map((line) => line.replace("{0}", recorded.namespace.name));
    expect(tally(story.objects, wanted)).toEqual(wanted.toSorted());
    expect((await recorded.judge(story)).objects.invented).toEqual([]);
  });

  it("the Deployment tells no Secret's value", () => {
    expect(JSON.stringify(recorded.story("deployment-web"))).not.toContain("bm90LXNob3du");
  });

  it("the StatefulSet is flawless by the other judges too", async () => {
    // Its containers still write when Faro ends, so of their logs only a part can be told.
    const { objects, kubeEvents } = await recorded.judge(recorded.story("statefulset-db"));
    expect([objects, kubeEvents]).toEqual([FLAWLESS.objects, FLAWLESS.kubeEvents]);
  });

  it("the Deployment says who changed its replicas, from what to what", () => {
    const scaled = recorded
      .story("deployment-web")
      .events.find(
        (event) => event.event_type === "RESOURCE_UPDATE" && event.changes?.some(({ path }) => path === "spec.replicas"),
      );
    expect(scaled?.changes?.[0]).toEqual({ path: "spec.replicas", before: 1, after: 2 });
    expect(scaled?.changed_by).toEqual([expect.objectContaining({ manager: "kubectl-patch", operation: "Update" })]);
  });
});

it("the autoscaler's decision stands before the pod that it made, and says why", () => {
  const { events } = recorded.story("deployment-auto");
  const decision = events.findIndex((event) => JSON.stringify(event.data).includes("SuccessfulRescale"));
  const pods = events.flatMap((event, at) => (event.resource === "Pod" && event.action === "add" ? [at] : []));
  expect(decision).toBeGreaterThan(pods[0] ?? 0);
  expect(decision).toBeLessThan(pods[1] ?? 0);
});

/** `2 Pod/web-*`: the objects but Events, each by the line that it matches, or as it is. */
function tally(
  objects: readonly { readonly resource_type: string; readonly name: string }[],
  lines: readonly string[],
): readonly string[] {
  const patterns = lines.map((line) => line.replace(/^\d+ /, ""));
  const counts = new Map<string, number>();
  for (const { resource_type: type, name } of objects) {
    const id = `${type.split("/").at(-1) ?? ""}/${name}`;
    if (id.startsWith("Event/")) continue;
    const pattern = patterns.find((each) => each === id || (each.endsWith("*") && id.startsWith(each.slice(0, -1)))) ?? id;
    counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
  }
  return [...counts].map(([pattern, count]) => `${count} ${pattern}`).toSorted();
}

async function makeEverything(): Promise<void> {
  const { namespace } = recorded;
  const shared = namespace.name;
  await namespace.apply({ apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "quota" }, spec: { hard: { pods: "50" } } });
  await namespace.apply({
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: { name: "limits" },
    spec: { limits: [{ type: "Container", defaultRequest: { cpu: "1m" } }] },
  });
  await namespace.apply({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "all" },
    spec: { podSelector: {} },
  });
  await namespace.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data: { A: "1" } });
  await namespace.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "unused" }, data: { A: "1" } });
  await namespace.apply({ apiVersion: "v1", kind: "Secret", metadata: { name: "keys" }, data: { key: "bm90LXNob3du" } });
  await namespace.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "robot" } });
  await kubectl(["apply", "-f", "-"], {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name: shared },
    value: 7,
  });
  await kubectl(["apply", "-f", "-"], {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: shared },
    provisioner: "kubernetes.io/no-provisioner",
  });
  await kubectl(["apply", "-f", "-"], {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: shared },
    spec: { capacity: { storage: "1Mi" }, accessModes: ["ReadWriteOnce"], storageClassName: shared, hostPath: { path: "/tmp" } },
  });
  await namespace.apply(workload("Deployment", "web", { serviceAccountName: "robot", uses: true }));
  await namespace.apply({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
  });
  await namespace.apply({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "nobody" },
    spec: { selector: { app: "nobody" }, ports: [{ port: 80 }] },
  });
  await namespace.apply({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "web" },
    spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } } },
  });
  await namespace.apply({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "web" },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: "web" } } },
  });
  await namespace.apply({
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "web" },
    spec: { minReplicas: 1, maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } },
  });
  await namespace.apply({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "tick" },
    spec: {
      schedule: "* * * * *",
      jobTemplate: { spec: { template: { spec: { ...podSpec(["sh", "-c", "echo tick"]), restartPolicy: "Never" } } } },
    },
  });
  await namespace.apply(workload("Deployment", "auto", {}));
  await namespace.rolledOut("deployment/auto");
  // Below its minimum an autoscaler needs no metrics.
  await namespace.apply({
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "auto" },
    spec: { minReplicas: 2, maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "auto" } },
  });
  await namespace.apply(workload("StatefulSet", "db", { claim: shared }));
  await namespace.apply(workload("DaemonSet", "agent", {}));
  await namespace.apply({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "retry" },
    spec: { backoffLimit: 1, template: { spec: { ...podSpec(["sh", "-c", "exit 3"]), restartPolicy: "Never" } } },
  });
  await namespace.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "single" },
    spec: { ...podSpec(WRITING), priorityClassName: shared },
  });
  await makeNovel();
  await namespace.rolledOut("deployment/web");
  // Of `kubectl scale` the API server keeps no entry in managedFields, of a patch it does.
  await namespace.run("patch", "deployment", "web", "-p", '{"spec":{"replicas":2}}');
  await Promise.all(
    ["deployment/web", "deployment/page", "statefulset/db", "daemonset/agent"].map((name) => namespace.rolledOut(name)),
  );
  await until("a second try of the Job", 60_000, async () => {
    const pods = await namespace.list("pods");
    return pods.filter((pod) => pod.metadata.name.startsWith("retry-")).length === 2;
  });
  await until("the autoscaler's second pod", 60_000, async () => (await namespace.list("pods", "app=auto")).length === 2);
  await until("the first Job of the CronJob", 75_000, async () => (await jobsOf("tick")).length > 0);
  await namespace.run("patch", "cronjob", "tick", "-p", '{"spec":{"suspend":true}}');
  await namespace.run("wait", "--for=condition=Complete", `job/${(await jobsOf("tick"))[0] ?? ""}`, "--timeout=60s");
}

async function jobsOf(cronJob: string): Promise<readonly string[]> {
  return (await recorded.namespace.list("jobs"))
    .map(({ metadata }) => metadata.name)
    .filter((name) => name.startsWith(`${cronJob}-`));
}

/** A resource of one group owns one of another, which owns a Deployment: three levels, made by a controller of the test's own. */
async function makeNovel(): Promise<void> {
  const { namespace } = recorded;
  await namespace.apply({ apiVersion: "novels.faro.test/v1", kind: "Novel", metadata: { name: "long" } });
  await until("the controller's Deployment", 60_000, async () => {
    await reconcile();
    return (await namespace.list("deployments")).some(({ metadata }) => metadata.name === "page");
  });
}

/** One round: each Novel gets its Chapter, each Chapter its Deployment. */
async function reconcile(): Promise<void> {
  const { namespace } = recorded;
  for (const chapter of await namespace.list("chapters")) {
    const { name, uid } = chapter.metadata;
    const page = workload("Deployment", "page", {});
    const owner = { apiVersion: "chapters.faro.test/v1", kind: "Chapter", name, uid, controller: true };
    await namespace.apply({ ...page, metadata: { ...page.metadata, ownerReferences: [owner] } });
  }
  for (const novel of await namespace.list("novels")) {
    const { name, uid } = novel.metadata;
    const owner = { apiVersion: "novels.faro.test/v1", kind: "Novel", name, uid, controller: true };
    const metadata = { name: "first", ownerReferences: [owner] };
    await namespace.apply({ apiVersion: "chapters.faro.test/v1", kind: "Chapter", metadata });
  }
}

interface Extras {
  readonly serviceAccountName?: string;
  readonly uses?: boolean;
  readonly claim?: string;
}

function workload(kind: string, name: string, { serviceAccountName, uses, claim }: Extras) {
  const spec = podSpec(WRITING);
  const [container] = spec.containers;
  const used =
    uses === true ? { envFrom: [{ configMapRef: { name: "settings" } }], volumeMounts: [{ name: "k", mountPath: "/k" }] } : {};
  const template = {
    metadata: { labels: { app: name } },
    spec: {
      ...spec,
      ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
      ...(uses === true ? { volumes: [{ name: "k", secret: { secretName: "keys" } }] } : {}),
      containers: [{ ...container, ...used }],
    },
  };
  const claims = {
    volumeClaimTemplates: [
      {
        metadata: { name: "data" },
        spec: { accessModes: ["ReadWriteOnce"], storageClassName: claim, resources: { requests: { storage: "1Mi" } } },
      },
    ],
  };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template,
      ...(kind === "StatefulSet" ? { serviceName: "", replicas: 1, ...(claim === undefined ? {} : claims) } : {}),
    },
  };
}

function podSpec(command: readonly string[]) {
  return {
    nodeSelector: { "testbed/kind": "real" },
    terminationGracePeriodSeconds: 1,
    containers: [{ name: "app", image: "testbed.local/box:1", command }],
  };
}
