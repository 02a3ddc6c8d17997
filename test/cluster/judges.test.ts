/** The judges against kubectl, which has no part in them either. */
import { afterEach, expect, inject, it } from "vitest";
import { currentRevision, eventsAbout, ownedBy, readHistory } from "./etcd-history.ts";
import { TestNamespace } from "./kubectl.ts";
import { NodeLogs } from "./node-logs.ts";
import { deployment, pod } from "./workloads.ts";

let namespace: TestNamespace | undefined;
let logs: NodeLogs | undefined;

afterEach(async () => {
  await logs?.stop();
  await namespace?.remove();
  logs = undefined;
});

it("etcd's history ends with the versions that kubectl reads, and knows owners, Events and deletions", async () => {
  const { etcd } = inject("cluster");
  const from = await currentRevision(etcd);
  namespace = await TestNamespace.create("judge-etcd");
  await namespace.apply(deployment("web", { replicas: 2 }));
  await namespace.rolledOut("deployment/web");
  const read = [
    ...(await namespace.list("deployments")),
    ...(await namespace.list("replicasets")),
    ...(await namespace.list("pods")),
  ];
  const root = await namespace.uid("deployment", "web");
  const history = await readHistory(etcd, from);
  const family = ownedBy(history, root);
  for (const { metadata } of read) {
    const versions = family.filter((version) => version.uid === metadata.uid).map((version) => String(version.revision));
    expect(versions).toContain(metadata.resourceVersion);
  }
  expect(new Set(family.map((version) => version.kind))).toEqual(new Set(["Deployment", "ReplicaSet", "Pod"]));
  expect(eventsAbout(history, new Set([root])).map((version) => version.name)).not.toEqual([]);

  await namespace.run("delete", "deployment", "web");
  await namespace.gone("pods");
  const deleted = ownedBy(await readHistory(etcd, from), root).filter((version) => version.deleted);
  expect(new Set(deleted.map((version) => version.uid))).toEqual(new Set(read.map((object) => object.metadata.uid)));
});

it("the node's files hold what kubectl logs prints, also when the pod is gone", async () => {
  namespace = await TestNamespace.create("judge-logs");
  logs = new NodeLogs(inject("cluster").folder, namespace.name);
  await namespace.apply(pod("single"));
  await namespace.run("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/single", "--timeout=60s");
  const printed = await namespace.run("logs", "single", "--timestamps");
  await namespace.run("delete", "pod", "single");
  const [instance] = logs.instances();
  expect(instance?.lines.map((line) => `${line.time} ${line.text}`).join("\n")).toBe(printed.trimEnd());
  expect(instance).toMatchObject({ pod: "single", container: "app", restartCount: 0 });
});
