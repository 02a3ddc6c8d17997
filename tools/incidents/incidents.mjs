/**
 * The incidents behind `examples/recordings/`: what is deployed, what is done to it, and what is waited for. Data alone;
 * `record-incidents.mjs` makes them happen on a real cluster. Their images are those that the cluster brings along.
 */

const BOX = "testbed.local/box";

/** Writes a line a second for as long as it runs. */
const SERVING =
  'echo "INFO  checkout 1.4.0 starting"; sleep 1; touch /ready; echo "INFO  listening on :8080"; n=0; while sleep 1; do n=$((n+1)); echo "INFO  order $n paid"; done';

/** Ready once the script says so. */
const READY = { readinessProbe: { exec: { command: ["test", "-f", "/ready"] }, initialDelaySeconds: 3, periodSeconds: 1 } };

/** A Deployment of one container that runs a shell script. */
function deployment(name, script, { replicas = 1, image = `${BOX}:1`, container = {}, spec = {} } = {}) {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: { "testbed/kind": "real" },
          terminationGracePeriodSeconds: 1,
          containers: [{ name: "app", image, command: ["sh", "-c", script], ...container }],
          ...spec,
        },
      },
    },
  };
}

/** A strategic merge patch of the only container. */
function containerPatch(change) {
  return JSON.stringify({ spec: { template: { spec: { containers: [{ name: "app", ...change }] } } } });
}

const apply = (object, did) => ({ did, kubectl: ["apply", "-f", "-"], input: object });
const rolledOut = (name) => ({ kubectl: ["rollout", "status", `deployment/${name}`, "--timeout=60s"] });
/** Until the text of `kubectl get …` matches. */
const until = (args, matches, limitS = 90) => ({ until: args, matches, limitS });
const rest = (seconds) => ({ seconds });

/** What is recorded beside the root: the Node stays out, for it describes the machine that this ran on. */
const RELATED = ["apps/v1/ReplicaSet", "v1/Pod", "v1/Event"];

/**
 * Each: `root` what Faro records; `related` the kinds beside it; `steps` in their order. A step with `did` is told to people,
 * with the moment at which it was done.
 */
export const INCIDENTS = [
  {
    name: "bad-rollout",
    title: "A rollout that crashes, and is rolled back",
    root: { resource: "apps/v1/Deployment", name: "checkout" },
    related: RELATED,
    steps: [
      apply(
        deployment("checkout", SERVING, { replicas: 3, container: READY }),
        "Somebody deploys checkout 1.4.0: three replicas.",
      ),
      rolledOut("checkout"),
      rest(4),
      {
        did: "Somebody rolls out checkout 1.5.0. It reads a setting that nobody has set.",
        kubectl: [
          "patch",
          "deployment",
          "checkout",
          "-p",
          containerPatch({
            image: `${BOX}:2`,
            command: [
              "sh",
              "-c",
              'echo "INFO  checkout 1.5.0 starting"; sleep 1; echo "FATAL cannot read setting payment.timeout: it is not set" >&2; exit 3',
            ],
          }),
        ],
      },
      until(["get", "events"], /BackOff/),
      rest(12),
      { did: "Somebody notices, and rolls back.", kubectl: ["rollout", "undo", "deployment/checkout"] },
      rolledOut("checkout"),
      rest(3),
    ],
  },
  {
    name: "missing-image",
    title: "An image that does not exist",
    root: { resource: "apps/v1/Deployment", name: "catalog" },
    related: RELATED,
    steps: [
      apply(
        deployment("catalog", SERVING.replaceAll("checkout", "catalog"), { replicas: 2, container: READY }),
        "catalog runs with two replicas.",
      ),
      rolledOut("catalog"),
      {
        did: "A release names an image tag that was never pushed.",
        kubectl: ["set", "image", "deployment/catalog", "app=testbed.local/catalog:1.9.0"],
      },
      until(["get", "pods"], /ImagePullBackOff/),
      until(["get", "events"], /ImagePullBackOff/),
      rest(6),
    ],
  },
  {
    name: "crash-loop",
    title: "A crash loop",
    root: { resource: "apps/v1/Deployment", name: "ledger" },
    related: RELATED,
    steps: [
      apply(
        deployment(
          "ledger",
          'echo "INFO  ledger 3.2 starting"; sleep 2; echo "ERROR dial tcp 10.4.0.9:5432: connection refused"; exit 1',
        ),
        "ledger is deployed. Its database cannot be reached.",
      ),
      until(["get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[*].restartCount}"], /[3-9]/, 120),
      until(["get", "events"], /BackOff/),
      rest(2),
    ],
  },
  {
    name: "out-of-memory",
    title: "A container that is killed for its memory",
    root: { resource: "apps/v1/Deployment", name: "reports" },
    related: RELATED,
    steps: [
      apply(
        deployment(
          "reports",
          'echo "INFO  building the yearly report"; sleep 4; echo "INFO  loading all orders"; tail /dev/zero',
          {
            container: { resources: { limits: { memory: "32Mi" } } },
          },
        ),
        "reports is deployed, with a limit of 32Mi.",
      ),
      until(["get", "pods", "-o", "json"], /OOMKilled/, 60),
      until(["get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[*].restartCount}"], /[2-9]/),
      rest(2),
    ],
  },
  {
    name: "failing-probe",
    title: "A liveness probe that fails",
    root: { resource: "apps/v1/Deployment", name: "gateway" },
    related: RELATED,
    steps: [
      apply(
        deployment(
          "gateway",
          'touch /alive; echo "INFO  gateway serving"; sleep 12; echo "WARN  all 64 connections are in use"; rm /alive; sleep 600',
          {
            container: {
              readinessProbe: { exec: { command: ["cat", "/alive"] }, periodSeconds: 1, failureThreshold: 1 },
              livenessProbe: { exec: { command: ["cat", "/alive"] }, periodSeconds: 2, failureThreshold: 3 },
            },
          },
        ),
        "gateway is deployed, with a readiness and a liveness probe.",
      ),
      rolledOut("gateway"),
      until(["get", "events"], /failed liveness probe, will be restarted/),
      rolledOut("gateway"),
      rest(4),
    ],
  },
  {
    name: "unschedulable",
    title: "A pod that fits on no node",
    root: { resource: "apps/v1/Deployment", name: "search" },
    related: RELATED,
    steps: [
      apply(
        deployment("search", 'echo "INFO  search ready"; sleep 600', { container: { resources: { requests: { cpu: "50m" } } } }),
        "search runs with one replica.",
      ),
      rolledOut("search"),
      {
        did: "Somebody writes 64 where 0.64 was meant.",
        kubectl: ["set", "resources", "deployment/search", "--requests=cpu=64"],
      },
      until(["get", "events"], /Insufficient cpu/),
      rest(4),
      {
        did: "The request is put right.",
        kubectl: ["set", "resources", "deployment/search", "--requests=cpu=64m"],
      },
      rolledOut("search"),
      rest(2),
    ],
  },
  {
    name: "missing-configmap",
    title: "A ConfigMap that is missing",
    root: { resource: "apps/v1/Deployment", name: "mailer" },
    related: [...RELATED, "v1/ConfigMap"],
    steps: [
      apply(
        deployment("mailer", 'echo "INFO  sending as $SENDER"; sleep 600', {
          container: { envFrom: [{ configMapRef: { name: "mailer-settings" } }] },
        }),
        "mailer is deployed before the ConfigMap that it needs.",
      ),
      until(["get", "pods"], /CreateContainerConfigError/),
      rest(4),
      apply(
        { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "mailer-settings" }, data: { SENDER: "orders@shop.example" } },
        "Somebody creates it.",
      ),
      rolledOut("mailer"),
      rest(2),
    ],
  },
  {
    name: "quota-exceeded",
    title: "A quota that is exceeded",
    root: { resource: "apps/v1/Deployment", name: "worker" },
    related: [...RELATED, "v1/ResourceQuota"],
    steps: [
      apply(
        { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "team" }, spec: { hard: { pods: "2" } } },
        "The namespace has a quota of two pods.",
      ),
      until(["get", "resourcequota", "team", "-o", "json"], /"used"/),
      apply(deployment("worker", 'echo "INFO  waiting for jobs"; sleep 600', { replicas: 2 }), "worker runs with two replicas."),
      rolledOut("worker"),
      { did: "Somebody scales it to four.", kubectl: ["scale", "deployment/worker", "--replicas=4"] },
      until(["get", "events"], /exceeded quota/),
      rest(6),
    ],
  },
];
