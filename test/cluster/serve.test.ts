/**
 * A recording that is served answers as the cluster did: the real kubectl, asked at a quiet moment of the live cluster and later of
 * the recording at that moment, prints the same but for ages; and at any moment the objects are those of etcd.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { mulberry32, systemClock } from "../../src/base/index.ts";
import { type FollowedVersion, HistoryFollower } from "./history-follower.ts";
import { Recorded } from "./recorded.ts";
import { ask, type Printed, type Served, startServe } from "./served.ts";
import { until } from "./waiting.ts";
import { changed, configMap, CRASHING, deployment } from "./workloads.ts";

/** Kinds that are recorded whole, by their path in the API. */
const RECORDED: Readonly<Record<string, string>> = {
  Deployment: "/apis/apps/v1/namespaces/NS/deployments",
  ReplicaSet: "/apis/apps/v1/namespaces/NS/replicasets",
  StatefulSet: "/apis/apps/v1/namespaces/NS/statefulsets",
  Job: "/apis/batch/v1/namespaces/NS/jobs",
  Pod: "/api/v1/namespaces/NS/pods",
  Service: "/api/v1/namespaces/NS/services",
  ConfigMap: "/api/v1/namespaces/NS/configmaps",
  Event: "/api/v1/namespaces/NS/events",
  EndpointSlice: "/apis/discovery.k8s.io/v1/namespaces/NS/endpointslices",
};
const ROOTS = "apps/v1/Deployment,apps/v1/StatefulSet,batch/v1/Job,v1/Service,v1/ConfigMap";
const RELATED = "apps/v1/ReplicaSet,v1/Pod,v1/Event,discovery.k8s.io/v1/EndpointSlice,v1/Node,v1/Namespace";

/** `POD` is a pod of web, `CRASHED` one that crashed and is gone on with, `SINCE` a moment between two of its log lines. */
const COMMANDS: readonly string[] = [
  "get pods",
  "get pods -o wide",
  "get pods -o name",
  "get pods -o yaml",
  "get pods -o json",
  "get pods --show-labels",
  "get pods -L app,pod-template-hash",
  "get pods -l app=web",
  "get pods -l app!=web --no-headers",
  "get pods --field-selector=status.phase=Running -o name",
  "get pods --sort-by=.metadata.name",
  "get pods --chunk-size=2 -o name",
  "get pods -o jsonpath={.items[*].spec.nodeName}",
  "get pods -o custom-columns=N:.metadata.name,I:.spec.containers[0].image",
  "get pods -o go-template={{range.items}}{{.metadata.uid}}{{end}}",
  "get pods --show-managed-fields -o yaml",
  "get pod POD",
  "get pod POD -o yaml",
  "get pod POD -o jsonpath={.status.podIP}",
  "get deploy,rs,sts,job",
  "get deploy,rs -o wide",
  "get deployment/web service/web",
  "get deployment web -o json",
  "get all",
  "get svc,cm,endpointslices",
  "get svc web -o yaml",
  "get configmaps settings -o jsonpath={.data.mode}",
  "get nodes",
  "get nodes -o wide",
  "get events --sort-by=.metadata.name",
  "get events --field-selector=type=Warning -o name",
  "get jobs -o wide",
  "events --for=pod/POD",
  "events --types=Warning",
  "describe pod POD",
  "describe pod CRASHED",
  "describe pods -l app=db",
  "describe deployment web",
  "describe replicasets",
  "describe statefulset db",
  "describe job once",
  "describe service web",
  "describe configmap settings",
  "logs POD",
  "logs POD --tail=2",
  "logs POD --timestamps",
  "logs POD --limit-bytes=9",
  "logs POD --since-time=SINCE",
  "logs POD -c app --prefix",
  "logs CRASHED --previous",
  "logs deployment/web --tail=1",
  "logs -l app=web --all-containers --prefix",
  "logs job/once",
  "rollout status deployment/web",
  "rollout history deployment/web",
  "rollout history deployment/web --revision=2",
  "wait --for=condition=Available deployment/web",
  "get --raw /api/v1/namespaces/NS/pods/POD",
  "get --raw /apis/apps/v1/namespaces/NS/deployments/web",
  "version",
  "get pod absent",
  "logs POD -c absent",
];

let recorded: Recorded;
let judge: HistoryFollower;
let answers: ReadonlyMap<string, Printed>;
let served: Served;
let quiet: Date;
let began: number;

beforeAll(async () => {
  judge = await HistoryFollower.start(inject("cluster").etcd);
  recorded = await Recorded.start(["serve"], [`--resource=${ROOTS}`, `--related=${RELATED}`, "-n", "{0}"]);
  began = systemClock.now();
  await act();
  // Nothing changes from here on until every answer is there: what is told below is that this held.
  await systemClock.sleep(4_000);
  const revision = await revisionHere();
  quiet = new Date(systemClock.now());
  answers = await answersOf(inject("cluster").kubeconfig);
  if ((await revisionHere()) !== revision) throw new Error("the cluster was not quiet while it was asked");
  await recorded.namespace.run("scale", "deployment/web", "--replicas=1");
  await recorded.namespace.run("delete", "job", "once");
  await recorded.namespace.rolledOut("deployment/web");
  await systemClock.sleep(2_000);
  await recorded.end();
  await judge.caughtUp();
  served = await startServe(recorded.output.path, [`--at=${quiet.toISOString()}`]);
});

afterAll(async () => {
  await served?.end();
  await judge?.stop();
  await recorded?.remove();
});

it.each(COMMANDS)("kubectl %s prints what it printed of the live cluster", async (command) => {
  expect(await answer(served.kubeconfig, command)).toEqual(answers.get(command));
});

describe("kubectl on what the recording does not have, or has less of", () => {
  it("api-resources names only kinds that the cluster has, as the cluster names them", async () => {
    const live = (await ask(inject("cluster").kubeconfig, ["api-resources"])).stdout.split("\n").map(squeeze);
    const told = (await ask(served.kubeconfig, ["api-resources"])).stdout.split("\n").map(squeeze);
    expect(told.filter((line) => !live.includes(line))).toEqual([]);
    expect(told.length).toBeGreaterThan(Object.keys(RECORDED).length);
  });

  it("get -w begins with what there is", async () => {
    const args = ["-n", recorded.namespace.name, "get", "pods", "-w", "--no-headers"];
    const { stdout } = await ask(served.kubeconfig, args, 2_000);
    expect(stdout.split("\n").map(squeeze).toSorted().join("\n").trim().replaceAll(AGE, "AGE")).toBe(
      (answers.get("get pods")?.stdout ?? "").split("\n").slice(1).toSorted().join("\n").trim(),
    );
  });
});

it("at 50 random moments every kind that was recorded is as etcd had it", async () => {
  const random = mulberry32(20_260_724);
  const end = systemClock.now();
  const wrong: string[] = [];
  for (let times = 0; times < 50; times++) {
    const at = began + random() * (quiet.getTime() + 4_000 - began);
    const revision = await served.seek(new Date(at));
    for (const [kind, path] of Object.entries(RECORDED)) {
      const expected = stateAt(kind, revision);
      const found = await listed(path);
      if (JSON.stringify(found) !== JSON.stringify(expected))
        wrong.push(
          `${kind} at +${Math.round(at - began)} ms, revision ${revision}: ${found.join(" ")}, not ${expected.join(" ")}`,
        );
    }
    const late = mine().find((version) => version.revision > revision && version.storedAt < at - 1_500);
    if (late !== undefined) wrong.push(`at +${Math.round(at - began)} ms revision ${late.revision} was there, not ${revision}`);
  }
  expect(wrong).toEqual([]);
  expect(end).toBeGreaterThan(began);
  expect(new Set(mine().map(({ kind }) => kind)).size).toBe(Object.keys(RECORDED).length);
}, 120_000);

/** A Deployment that is rolled out twice, a StatefulSet, a Job that ends, a pod that crashes, a Service, a ConfigMap. */
async function act(): Promise<void> {
  const { namespace } = recorded;
  const talking = ["sh", "-c", "for i in 1 2 3 4 5; do echo line $i; sleep 0.3; done; exec sleep 600"];
  await namespace.apply(configMap("settings", { mode: "fast" }));
  await namespace.apply({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
  });
  await namespace.apply(deployment("web", { command: talking }));
  await namespace.apply({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db" },
    spec: {
      serviceName: "db",
      selector: { matchLabels: { app: "db" } },
      template: {
        metadata: { labels: { app: "db" } },
        spec: {
          nodeSelector: { "testbed/kind": "real" },
          terminationGracePeriodSeconds: 1,
          // Crashes once, then stays: its second container is what --previous looks behind.
          volumes: [{ name: "once", emptyDir: {} }],
          containers: [
            {
              name: "app",
              image: "testbed.local/box:1",
              volumeMounts: [{ name: "once", mountPath: "/once" }],
              command: [
                "sh",
                "-c",
                "echo hello; [ -f /once/done ] || { touch /once/done; echo broken; exit 3; }; exec sleep 600",
              ],
            },
          ],
        },
      },
    },
  });
  await namespace.apply({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "once" },
    spec: {
      template: {
        spec: {
          nodeSelector: { "testbed/kind": "real" },
          restartPolicy: "Never",
          containers: [{ name: "app", image: "testbed.local/box:1", command: ["sh", "-c", "echo done"] }],
        },
      },
    },
  });
  await namespace.rolledOut("deployment/web");
  await namespace.run("patch", "deployment", "web", "-p", changed("testbed.local/box:2", CRASHING));
  await systemClock.sleep(2_000);
  await namespace.run("patch", "deployment", "web", "-p", changed("testbed.local/box:2", talking));
  await namespace.rolledOut("deployment/web");
  await until("the pods are those of the last rollout, and the database was restarted", 90_000, async () => {
    const pods = await namespace.list("pods");
    const running = pods.filter(
      ({ status }) => status?.phase === "Running" && status.containerStatuses?.every(({ ready }) => ready),
    );
    return (
      pods.length === 4 &&
      running.length === 3 &&
      running.some(({ status }) => status?.containerStatuses?.[0]?.restartCount === 1)
    );
  });
}

/** The newest revision of anything in the namespace, and of nodes. */
async function revisionHere(): Promise<number> {
  await judge.caughtUp();
  return Math.max(...mine().map(({ revision }) => revision));
}

function mine(): readonly FollowedVersion[] {
  return judge.versions.filter(({ kind, namespace }) => namespace === recorded.namespace.name && kind in RECORDED);
}

async function answersOf(kubeconfig: string): Promise<ReadonlyMap<string, Printed>> {
  const found = new Map<string, Printed>();
  for (const command of COMMANDS) found.set(command, await answer(kubeconfig, command));
  return found;
}

/** What kubectl says, without what may differ: ages, the padding that depends on them, the last newline. */
async function answer(kubeconfig: string, command: string): Promise<Printed> {
  const { name } = recorded.namespace;
  const args = command
    .replaceAll("NS", name)
    .replaceAll("POD", await podOf("web"))
    .replaceAll("CRASHED", "db-0")
    .replaceAll("SINCE", "2020-01-01T00:00:00Z")
    .split(" ");
  const { stdout, stderr, code } = await ask(kubeconfig, ["-n", name, ...args]);
  const told = comparable(stdout);
  return { stdout: command.startsWith("logs -l ") ? inAnyOrder(told) : told, stderr: comparable(stderr), code };
}

/** kubectl prints the logs of several pods in the order of a Go map, another one each time (`logs.go sequentialConsumeRequest`). */
function inAnyOrder(text: string): string {
  return text.split("\n").toSorted().join("\n");
}

const pods = new Map<string, string>();

async function podOf(app: string): Promise<string> {
  const known = pods.get(app);
  if (known !== undefined) return known;
  const [first] = (await recorded.namespace.list("pods", `app=${app}`)).map(({ metadata }) => metadata.name).toSorted();
  pods.set(app, first ?? "");
  return first ?? "";
}

const AGE = /(?<![\w.-])(?:\d+[dhms])+(?![\w.-])/g;

function comparable(text: string): string {
  return text.split("\n").map(squeeze).join("\n").replaceAll(AGE, "AGE").trimEnd();
}

function squeeze(line: string): string {
  return line.trimEnd().replaceAll(/(\S) {2,}/g, "$1 ");
}

/** uid and version of every object of a kind at a revision, by etcd. */
function stateAt(kind: string, revision: number): readonly string[] {
  const state = new Map<string, string>();
  for (const version of mine()) {
    if (version.kind !== kind || version.revision > revision) continue;
    if (version.deleted) state.delete(version.uid);
    else state.set(version.uid, `${version.name}@${version.revision}`);
  }
  return [...state.values()].toSorted();
}

async function listed(path: string): Promise<readonly string[]> {
  const response = await fetch(served.url + path.replace("NS", recorded.namespace.name));
  const list: { readonly items: readonly { readonly metadata: { readonly name: string; readonly resourceVersion: string } }[] } =
    JSON.parse(await response.text());
  return list.items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).toSorted();
}
