/** Which kinds are followed for a root, on a cluster that serves two hundred: few connections, and each said with its reason. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Embedded, embeddedCluster, storiesIn, until } from "./support/embedded.ts";

let cluster: Embedded;
beforeEach(async () => {
  cluster = await embeddedCluster();
});
afterEach(() => cluster.close());

type Created = Parameters<Embedded["history"]["create"]>[0];

function definition(number: number, group = "many.test"): Created {
  const names = { plural: `things${number}`, singular: `thing${number}`, kind: `Thing${number}` };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${names.plural}.${group}` },
    spec: { group, scope: "Namespaced", names, versions: [{ name: "v1", served: true, storage: true }] },
  };
}

function uidOf(created: { readonly text: string }): string {
  const { metadata } = JSON.parse(created.text) as { metadata: { uid: string } };
  return metadata.uid;
}

/** A Deployment with one pod that uses a ConfigMap and a Secret and runs on a Node. */
function workload(): void {
  const { history } = cluster;
  const object = (apiVersion: string, kind: string, name: string, rest: object): string =>
    uidOf(
      history.create({
        apiVersion,
        kind,
        metadata: { name, namespace: "shop", ...Reflect.get(rest, "metadata") },
        ...omit(rest),
      }),
    );
  const owner = (apiVersion: string, kind: string, name: string, uid: string): object => ({
    ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
  });
  const deployment = object("apps/v1", "Deployment", "web", { spec: { replicas: 1 } });
  const set = object("apps/v1", "ReplicaSet", "web-1", { metadata: owner("apps/v1", "Deployment", "web", deployment) });
  const containers = [
    { name: "app", image: "x", envFrom: [{ configMapRef: { name: "settings" } }, { secretRef: { name: "keys" } }] },
  ];
  const labels = { app: "web" };
  object("v1", "Pod", "web-1-a", {
    metadata: { labels, ...owner("apps/v1", "ReplicaSet", "web-1", set) },
    spec: { nodeName: "n1", containers },
  });
  object("v1", "ConfigMap", "settings", { data: { a: "1" } });
  object("v1", "Secret", "keys", { data: { key: "c2VjcmV0LXZhbHVl" } });
  object("v1", "Service", "web", { spec: { selector: labels } });
  history.create({ apiVersion: "v1", kind: "Node", metadata: { name: "n1" } });
}

function omit(rest: object): object {
  return Object.fromEntries(Object.entries(rest).filter(([key]) => key !== "metadata"));
}

test("a Deployment on a cluster with more than 200 kinds: below 20 watches, what it uses among them, each with its reason", async () => {
  for (let number = 0; number < 200; number++) cluster.history.create(definition(number));
  workload();
  const output = cluster.directory();
  const capture = await cluster.capture({ output, namespaces: ["shop"], includeLogs: false });
  const said = await until(capture, ({ status }) => status === "capture-started");
  const wanted = new Set(["secrets.v1/shop", "configmaps.v1/shop", "nodes.v1/*/n1"]);
  await until(capture, (status) => {
    if (status.status === "watch-synced") wanted.delete(status.scope);
    return wanted.size === 0;
  });
  await until(capture, ({ status }) => status === "batch-written");
  expect(capture.gauges().watches).toBeLessThan(20);
  capture.stop("enough");
  expect(await capture.done).toMatchObject({ outcome: "complete" });
  expect(said.status === "capture-started" && said.following.every((line) => /\(.+\)$/.test(line))).toBe(true);
  const story = storiesIn(output).get("web");
  expect(story?.objects.map(({ name, relation }) => `${name}: ${relation.split(" (")[0] ?? ""}`).toSorted()).toEqual([
    "keys: used by Pod/web-1-a",
    "n1: node of Pod/web-1-a",
    "settings: used by Pod/web-1-a",
    "web-1-a: owned by ReplicaSet/web-1",
    "web-1: owned by Deployment/web",
    "web: root",
    "web: selects Pod/web-1-a",
  ]);
  expect(JSON.stringify(story)).not.toContain("c2VjcmV0LXZhbHVl");
});

test("a kind that only explains and may not be read is degraded and said; the story of the root is complete", async () => {
  await cluster.close();
  cluster = await embeddedCluster({ authorize: ({ resource }) => resource?.plural !== "nodes" });
  workload();
  const output = cluster.directory();
  const capture = await cluster.capture({ output, namespaces: ["shop"], includeLogs: false });
  const awaited = new Set(["scope-degraded nodes.v1/*/n1", "watch-synced events.v1/shop"]);
  await until(capture, (status) => {
    if ("scope" in status) awaited.delete(`${status.status} ${status.scope}`);
    return awaited.size === 0;
  });
  expect(capture.conditions()).toEqual([expect.objectContaining({ subject: "nodes.v1/*/n1", isContext: true })]);
  capture.stop("enough");
  expect(await capture.done).toMatchObject({ outcome: "complete" });
  const coverage = storiesIn(output).get("web")?.coverage;
  expect(coverage?.verdict).toBe("complete");
  expect(coverage?.gaps).toEqual([]);
});

test("an owner of a kind that is not followed is read once, and followed when it leads to a root", async () => {
  const { history } = cluster;
  history.create(definition(1, "other.test"));
  const root = uidOf(
    history.create({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "default" } }),
  );
  const owned = (apiVersion: string, kind: string, name: string, uid: string): object => ({
    namespace: "default",
    ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
  });
  const between = uidOf(
    history.create({
      apiVersion: "other.test/v1",
      kind: "Thing1",
      metadata: { name: "between", ...owned("apps/v1", "Deployment", "web", root) },
    }),
  );
  history.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", ...owned("other.test/v1", "Thing1", "between", between) },
    spec: {},
  });
  const output = cluster.directory();
  const capture = await cluster.capture({ output, includeLogs: false });
  await until(capture, (status) => status.status === "watch-synced" && status.scope === "things1.v1.other.test/default");
  capture.stop("enough");
  await capture.done;
  const story = storiesIn(output).get("web");
  expect(story?.objects.map(({ name }) => name).toSorted()).toEqual(["between", "p", "web"]);
});
