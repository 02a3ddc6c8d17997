/**
 * Failures made for real, all at once: the story of each, read alone, holds the cause, before its effect, linked to the object that
 * it concerns.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { kubectl } from "./kubectl.ts";
import { Recorded } from "./recorded.ts";
import type { StoryEvent, StoryFile } from "./story.ts";
import { until } from "./waiting.ts";

interface Failure {
  readonly story: string;
  readonly object: object;
  /** In the text of the event that tells the cause. */
  readonly cause: RegExp;
  /** In that of what follows from it. */
  readonly effect?: RegExp;
  /** `<kind>/<name>` of the object that the cause concerns. */
  readonly about: RegExp;
}

/** A Node that says once that it is ready, and is not heard of again. */
const LOST = `lost-${process.pid}`;
const SLEEP = ["sh", "-c", "sleep 600"];
const pod = (name: string, container: object = {}, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    nodeSelector: { "testbed/kind": "real" },
    terminationGracePeriodSeconds: 1,
    containers: [{ name: "app", image: "testbed.local/box:1", command: SLEEP, ...container }],
    ...spec,
  },
});
const probe = { exec: { command: ["false"] }, periodSeconds: 1, failureThreshold: 1 };

const FAILURES: Readonly<Record<string, Failure>> = {
  "an image that does not exist": {
    story: "pod-image",
    object: pod("image", { image: "testbed.local/nothing:9", imagePullPolicy: "Always" }),
    cause: /Failed to pull image/,
    effect: /ImagePullBackOff|Back-off pulling/,
    about: /Pod\/image/,
  },
  "a crash loop": {
    story: "pod-crash",
    object: pod("crash", { command: ["sh", "-c", "echo cannot reach the database; exit 3"] }),
    cause: /"exit_code":3/,
    effect: /Back-off restarting/,
    about: /Pod\/crash/,
  },
  "memory that runs out": {
    story: "pod-memory",
    object: pod("memory", { command: ["sh", "-c", "tail /dev/zero"], resources: { limits: { memory: "16Mi" } } }),
    cause: /OOMKilled|"exit_code":137/,
    about: /Pod\/memory/,
  },
  "a failing readiness probe": {
    story: "pod-unready",
    object: pod("unready", { readinessProbe: probe }),
    cause: /Readiness probe failed/,
    about: /Pod\/unready/,
  },
  "a failing liveness probe": {
    story: "pod-unlive",
    object: pod("unlive", { livenessProbe: probe }),
    cause: /Liveness probe failed/,
    effect: /failed liveness probe, will be restarted/,
    about: /Pod\/unlive/,
  },
  "a pod that fits nowhere": {
    story: "pod-nowhere",
    object: pod("nowhere", { resources: { requests: { cpu: "500" } } }, { nodeSelector: {} }),
    cause: /nodes are available/,
    about: /Pod\/nowhere/,
  },
  "a missing ConfigMap": {
    story: "pod-noconfig",
    object: pod("noconfig", { envFrom: [{ configMapRef: { name: "absent" } }] }),
    cause: /configmap \\"absent\\" not found/,
    about: /Pod\/noconfig/,
  },
  "a missing Secret": {
    story: "pod-nosecret",
    object: pod("nosecret", { envFrom: [{ secretRef: { name: "absent" } }] }),
    cause: /secret \\"absent\\" not found/,
    about: /Pod\/nosecret/,
  },
  "a claim that is never bound": {
    story: "pod-claim",
    object: pod("claim", {}, { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "unbound" } }] }),
    cause: /no persistent volumes available|storageclass.*not found/,
    effect: /unbound immediate PersistentVolumeClaims/,
    about: /PersistentVolumeClaim\/unbound/,
  },
  "a failing init container": {
    story: "pod-init",
    object: pod(
      "init",
      {},
      { initContainers: [{ name: "first", image: "testbed.local/box:1", command: ["sh", "-c", "exit 4"] }] },
    ),
    cause: /"container":"first".*"exit_code":4/,
    effect: /Back-off restarting failed container first/,
    about: /Pod\/init/,
  },
  "a deadline that passes": {
    story: "job-late",
    object: {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "late" },
      spec: {
        activeDeadlineSeconds: 3,
        template: {
          spec: { restartPolicy: "Never", containers: [{ name: "app", image: "testbed.local/box:1", command: SLEEP }] },
        },
      },
    },
    // The Job controller deletes the pods first, and says why then.
    cause: /DeadlineExceeded/,
    about: /Job\/late/,
  },
  "a node that is gone": {
    story: "pod-stranded",
    object: pod(
      "stranded",
      {},
      {
        nodeSelector: {},
        nodeName: LOST,
        tolerations: [{ operator: "Exists", effect: "NoExecute", tolerationSeconds: 1 }],
      },
    ),
    cause: /status is now: NodeNotReady/,
    effect: /TaintManagerEviction|"action":"deletion-requested"/,
    about: new RegExp(`Node/${LOST}`),
  },
  "a quota that is exceeded": {
    story: "deployment-full",
    object: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "full" },
      spec: {
        selector: { matchLabels: { app: "full" } },
        template: {
          metadata: { labels: { app: "full" } },
          spec: {
            containers: [
              {
                name: "app",
                image: "testbed.local/box:1",
                command: SLEEP,
                resources: { requests: { "ephemeral-storage": "1Gi" } },
              },
            ],
          },
        },
      },
    },
    cause: /exceeded quota: memory/,
    about: /ReplicaSet\/full-/,
  },
};

const READY = { status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] } };

function lostNode(): object {
  const now = new Date().toISOString().replace(/\.\d+/, "");
  const ready = { type: "Ready", status: "True", reason: "KubeletReady", lastHeartbeatTime: now, lastTransitionTime: now };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: LOST, labels: { "kubernetes.io/hostname": LOST } },
    status: { capacity: { pods: "10" }, allocatable: { pods: "10" }, conditions: [ready] },
  };
}

let recorded: Recorded;

beforeAll(async () => {
  recorded = await Recorded.start(["failures"], ["--resource=v1/Pod,batch/v1/Job,apps/v1/Deployment", "-n", "{0}"]);
  const { namespace } = recorded;
  await namespace.apply({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "memory" },
    spec: { hard: { "requests.ephemeral-storage": "1Mi" } },
  });
  await namespace.apply({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "unbound" },
    spec: { accessModes: ["ReadWriteOnce"], storageClassName: "", resources: { requests: { storage: "1Mi" } } },
  });
  await kubectl(["create", "-f", "-"], lostNode());
  for (const { object } of Object.values(FAILURES)) await namespace.apply(object);
  await namespace.run("patch", "pod", "stranded", "--subresource=status", "-p", JSON.stringify(READY));
  await until("the slowest of the failures", 120_000, async () => {
    const events = await namespace.run("get", "events", "-o", "json");
    return [
      /Back-off restarting failed container first/,
      /failed liveness probe, will be restarted/,
      /DeadlineExceeded/,
      /not found/,
      /TaintManagerEviction/,
    ].every((each) => each.test(events));
  });
  await recorded.end();
}, 180_000);

afterAll(async () => {
  // Nobody on that Node would ever say that its pod has ended.
  await recorded.namespace.run("delete", "pod", "stranded", "--force", "--grace-period=0", "--ignore-not-found");
  await kubectl(["delete", "node", LOST, "--ignore-not-found"]);
  await recorded.remove();
});

it.each(Object.keys(FAILURES))("%s: the cause is in the story, before its effect, linked to its object", (name) => {
  const failure = FAILURES[name];
  if (failure === undefined) throw new Error(name);
  const story = recorded.story(failure.story);
  const texts = story.events.map((event) => JSON.stringify({ ...event.data, action: event.action }));
  const cause = story.events.findIndex(
    (event, at) => event.event_type !== "CONTAINER_LOG" && isDerived(event) && failure.cause.test(texts[at] ?? ""),
  );
  expect(cause, "the cause").toBeGreaterThanOrEqual(0);
  expect(aboutOf(story, story.events[cause])).toMatch(failure.about);
  if (failure.effect === undefined) return;
  const effect = texts.findIndex((text) => failure.effect?.test(text));
  expect(effect, "the effect").toBeGreaterThan(cause);
});

it("the quota is in the story of what it kept from being made", () => {
  expect(recorded.story("deployment-full").objects.map(({ name, relation }) => `${name}: ${relation}`)).toContainEqual(
    expect.stringMatching(/^memory: limits (ReplicaSet|Deployment)\/full/),
  );
});

/** Versions of objects hold everything; the cause must be told, not only be in them. */
function isDerived(event: StoryEvent): boolean {
  return event.event_type === "K8S_EVENT" || event.event_type === "POD_LIFECYCLE";
}

/** `<kind>/<name>`: of an Event's subject by the proof in `objects`, of any other event the object itself. */
function aboutOf(story: StoryFile, event: StoryEvent | undefined): string {
  if (event === undefined) return "";
  if (event.event_type !== "K8S_EVENT") return `${event.resource}/${event.name}`;
  return story.objects.find(({ uid }) => uid === event.uid)?.relation ?? "";
}
