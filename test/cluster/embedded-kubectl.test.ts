/**
 * The real kubectl against the embedded API server, while the rollout is played: what people will point at it must
 * behave as it does against a cluster. `FARO_TEST_KUBECTL` is the path of a kubectl.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ApiServer,
  ClusterHistory,
  ContainerLogs,
  playRollout,
  prepareCluster,
  startApiServer,
} from "../../src/apiserver/index.ts";
import { systemClock as clock } from "../../src/base/index.ts";

const KUBECTL = process.env["FARO_TEST_KUBECTL"] ?? "kubectl";
const history = new ClusterHistory({ clock });
const logs = new ContainerLogs();
const home = mkdtempSync(join(tmpdir(), "faro-kubectl-"));
const environment = { ...process.env, HOME: home, KUBECONFIG: join(home, "none") };
const watching: ChildProcess[] = [];
let server: ApiServer;

/** Stdout of a kubectl that succeeds. */
async function kubectl(...args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(KUBECTL, ["--server", server.url, ...args], { env: environment })).stdout;
}

/** Stderr of a kubectl that fails. */
async function refusal(...args: readonly string[]): Promise<string> {
  try {
    return `succeeded: ${await kubectl(...args)}`;
  } catch (error) {
    return error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
  }
}

/** What a kubectl that goes on running prints. */
function follow(...args: readonly string[]): { readonly text: () => string; readonly ended: Promise<unknown> } {
  const child = spawn(KUBECTL, ["--server", server.url, ...args], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
  watching.push(child);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
  });
  return { text: () => text, ended: new Promise((resolve) => child.on("exit", resolve)) };
}

/** Collapses the padding of columns. */
function columns(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .map((line) =>
      line
        .trim()
        .split(/\s{2,}/)
        .join(" | "),
    );
}

beforeAll(async () => {
  prepareCluster({ history, clock });
  server = await startApiServer({ history, logs, clock });
});

afterAll(async () => {
  for (const child of watching) child.kill();
  await server.close();
  rmSync(home, { recursive: true });
});

describe("before anything is deployed", () => {
  test("api-resources and version know the server", async () => {
    expect(columns(await kubectl("api-resources", "--api-group=apps"))).toEqual([
      "NAME | SHORTNAMES | APIVERSION | NAMESPACED | KIND",
      "controllerrevisions | apps/v1 | true | ControllerRevision",
      "daemonsets | ds | apps/v1 | true | DaemonSet",
      "deployments | deploy | apps/v1 | true | Deployment",
      "replicasets | rs | apps/v1 | true | ReplicaSet",
      "statefulsets | sts | apps/v1 | true | StatefulSet",
    ]);
    expect(await kubectl("version")).toContain("Server Version: v1.35.0");
  });

  test("get says that there is nothing, and what is unknown", async () => {
    expect(columns(await kubectl("get", "nodes")).slice(1)).toEqual([
      expect.stringMatching(/^worker-1 \| Ready \| <none> \| \d+s \| v1.35.0$/),
      expect.stringMatching(/^worker-2/),
    ]);
    expect(await refusal("get", "pod", "x")).toBe('Error from server (NotFound): pods "x" not found');
    expect(await refusal("get", "unicorns")).toBe('error: the server doesn\'t have a resource type "unicorns"');
    expect(await refusal("delete", "node", "worker-1")).toContain("MethodNotAllowed");
  });

  test("custom kinds come and go", async () => {
    const names = { plural: "lamps", singular: "lamp", kind: "Lamp", listKind: "LampList", shortNames: ["lp"] };
    const definition = {
      group: "light.example",
      scope: "Namespaced",
      names,
      versions: [{ name: "v1", served: true, storage: true }],
    };
    const ref = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: "lamps.light.example" } as const;
    history.create({ apiVersion: ref.apiVersion, kind: ref.kind, metadata: { name: ref.name }, spec: definition });
    history.create({
      apiVersion: "light.example/v1",
      kind: "Lamp",
      metadata: { name: "desk", namespace: "default" },
      spec: { on: true },
    });
    expect(await kubectl("get", "lp", "-o", "name")).toBe("lamp.light.example/desk\n");
    expect(await kubectl("get", "lamp", "desk", "-o", "jsonpath={.spec.on}")).toBe("true");
    expect(await kubectl("get", "crd", "-o", "name")).toBe("customresourcedefinition.apiextensions.k8s.io/lamps.light.example\n");
    history.remove(ref);
    expect(await refusal("get", "--raw", "/apis/light.example/v1/lamps")).toContain("NotFound");
  });
});

test("kubectl sees the whole rollout", { timeout: 120_000 }, async () => {
  const pods = follow("get", "pods", "--watch", "--no-headers");
  const kubeEvents = follow("events", "--watch", "--no-headers");
  const followed: ReturnType<typeof follow>[] = [];
  let status: ReturnType<typeof follow> | undefined;
  let crashed = "";
  for await (const { title } of playRollout({ history, logs, clock, speed: 3 })) {
    if (title.includes("is created")) status = follow("rollout", "status", "deployment/my-app");
    if (title.startsWith("all 3 replicas")) {
      const [first = ""] = (await kubectl("get", "pods", "-o", "name")).split("\n");
      followed.push(follow("logs", "-f", first, "-c", "my-app", "--timestamps"));
      expect(columns(await kubectl("get", "deployment", "my-app", "--no-headers"))[0]).toMatch(/^my-app \| 3\/3 \| 3 \| 3 \| /);
    }
    crashed = /the new pod (\S+) starts/.exec(title)?.[1] ?? crashed;
    if (title.includes("CrashLoopBackOff")) await lookAtTheCrash(crashed);
  }
  await status?.ended;
  expect(status?.text()).toContain('deployment "my-app" successfully rolled out');
  for (const text of ["CrashLoopBackOff", "Error", "Init:0/1", "Terminating", "1/1"]) expect(pods.text()).toContain(text);
  for (const text of ["BackOff", "ScalingReplicaSet", "Successfully assigned"]) expect(kubeEvents.text()).toContain(text);
  expect(followed[0]?.text()).toMatch(
    /^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z level=info msg="starting" app=my-app version=1\.4\.0 pid=1\n/,
  );
  expect(followed[0]?.text().split("\n").length).toBeGreaterThan(10);
  expect(columns(await kubectl("rollout", "history", "deployment/my-app")).join("\n")).toContain(
    "3 | kubectl rollout undo deployment/my-app",
  );
});

async function lookAtTheCrash(pod: string): Promise<void> {
  expect(await kubectl("logs", pod, "-c", "my-app")).toContain("ConfigError: cache.ttl");
  expect(await kubectl("logs", pod, "-c", "my-app", "--previous", "--tail=1")).toBe(
    "    at async main (/app/dist/main.js:22:18)\n",
  );
  expect(await kubectl("logs", pod, "-c", "migrate")).toContain("0 migrations applied");
  const described = await kubectl("describe", "pod", pod);
  for (const text of [
    "Reason:       CrashLoopBackOff",
    "Exit Code:    1",
    "Controlled By:  ReplicaSet/my-app-",
    "Back-off restarting failed container my-app",
  ]) {
    expect(described).toContain(text);
  }
  expect(await kubectl("describe", "deployment", "my-app")).toMatch(/NewReplicaSet: +my-app-\w+ \(1\/1 replicas created\)/);
  expect(await kubectl("get", "pod", pod, "-o", "yaml")).toContain("restartPolicy: Always");
  expect(await kubectl("get", "deploy,rs,po,svc,endpointslices", "-o", "wide")).toContain("registry.example/my-app:1.5.0");
  expect(await kubectl("get", "events", "--field-selector", `involvedObject.name=${pod},type=Warning`)).toContain("BackOff");
  expect(await kubectl("get", "pods", "-l", "app in (my-app),pod-template-hash", "--chunk-size=2", "-o", "name")).toContain(pod);
}
