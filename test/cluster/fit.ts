/**
 * Before each file of the lane: the cluster runs pods, whatever the file before has done to it. A component that has ended is
 * started, and when a pod still does not run, all that stand between it and a node are started anew. What was found is printed, so
 * that one broken component does not fail every test behind it without a word about itself.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, inject } from "vitest";
import { ctl } from "./ctl.ts";
import { kubectl, TestNamespace } from "./kubectl.ts";
import { bringUp } from "./setup.ts";
import { deployment } from "./workloads.ts";

/** From a Deployment's creation to its nodes' word that its pods run, each a process of its own. */
const ON_THE_WAY = ["kube-controller-manager", "kube-scheduler", "kwok", "kubelet-1"];
const LAST_LINES = 12;

beforeAll(async () => {
  await startWhatEnded();
  if (await runsPods("canary")) return;
  console.log(`the cluster runs no pods\n${await evidence()}`);
  for (const component of ON_THE_WAY) await ctl("restart", component);
  if (!(await runsPods("canary-again")))
    throw new Error(`the cluster runs no pods, also with its components started anew\n${await evidence()}`);
}, 600_000);

async function startWhatEnded(): Promise<void> {
  const ended = [...(await ctl("list")).matchAll(/^(\S+) stopped$/gm)].map(([, name = ""]) => name);
  if (ended.length === 0) return;
  for (const name of ended) console.log(`${name} had ended\n${lastLines(name)}`);
  bringUp(inject("cluster").folder);
}

/** A Deployment on nodes of either kind is rolled out; both are gone when this returns. */
async function runsPods(name: string): Promise<boolean> {
  let namespace: TestNamespace | undefined;
  try {
    namespace = await TestNamespace.create(name);
    await namespace.apply(deployment("real", { replicas: 1 }));
    await namespace.apply(deployment("simulated", { replicas: 1, node: "kwok" }));
    await namespace.rolledOut("deployment/real");
    await namespace.rolledOut("deployment/simulated");
    return true;
  } catch (error) {
    console.log(`${String(error)}\n${(await namespace?.run("describe", "pods")) ?? ""}`);
    return false;
  } finally {
    await namespace?.run("delete", "deployments", "--all");
    await namespace?.remove();
  }
}

async function evidence(): Promise<string> {
  const logs = ["kube-apiserver", ...ON_THE_WAY].map((name) => lastLines(name));
  return [await ctl("list"), await kubectl(["describe", "nodes"]), ...logs].join("\n");
}

function lastLines(component: string): string {
  const file = join(inject("cluster").folder, "log", `${component}.log`);
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").slice(-LAST_LINES);
  return [`== the last lines of ${component}`, ...lines].join("\n");
}
