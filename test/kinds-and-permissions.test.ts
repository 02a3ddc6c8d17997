/** What Faro may read, and what there is to read, changes while it records. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import type { AccessAttributes } from "../src/apiserver/index.ts";
import type { StoryDocument } from "../src/story/index.ts";
import { type Embedded, embeddedCluster, listen, storiesIn, synced } from "./support/embedded.ts";
import { hastyClock } from "./support/hasty-clock.ts";

let cluster: Embedded;
afterEach(() => cluster.close());

const configMap = (namespace: string, name: string, value: string): Parameters<Embedded["history"]["create"]>[0] => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data: { value },
});

/** `add 3`, `update 5`, …: what a story tells of its root. */
const told = (story: StoryDocument | undefined): string[] =>
  (story?.events ?? []).flatMap((event) =>
    event.event_type === "RESOURCE_UPDATE" ? [`${event.action}${event.synthetic ? " (inferred)" : ""}`] : [],
  );
const versions = (story: StoryDocument | undefined): string[] =>
  (story?.events ?? []).flatMap((event) =>
    event.event_type === "RESOURCE_UPDATE" ? [`${event.uid}@${event.resource_version}`] : [],
  );

describe("permissions", () => {
  let mayRead: (attributes: AccessAttributes) => boolean;

  async function clusterWithAccess(initially: typeof mayRead): Promise<void> {
    mayRead = initially;
    cluster = await embeddedCluster({ authorize: (attributes) => mayRead(attributes) });
  }

  test("one namespace of three is refused: the others are recorded, it is told, and joins when it is granted", async () => {
    await clusterWithAccess(({ resource }) => !(resource?.namespace === "b" && resource.plural === "configmaps"));
    for (const namespace of ["a", "b", "c"]) cluster.history.create(configMap(namespace, `in-${namespace}`, "1"));
    const output = cluster.directory();
    const capture = await cluster.capture({
      output,
      kinds: ["v1/ConfigMap"],
      namespaces: ["a", "b", "c"],
      clock: hastyClock(20),
    });
    const heard = listen(capture);
    await heard.rootVersions(2);
    expect(capture.conditions().map(({ subject }) => subject)).toEqual(["configmaps.v1/b"]);
    mayRead = () => true;
    await heard.rootVersions(3);
    expect(capture.conditions()).toEqual([]);
    capture.stop("enough");
    await capture.done;
    const stories = storiesIn(output);
    expect(stories.get("in-a")?.coverage).toMatchObject({ verdict: "complete", gaps: [] });
    expect(stories.get("in-c")?.coverage).toMatchObject({ verdict: "complete", gaps: [] });
    expect(stories.get("in-b")?.coverage.gaps).toEqual([
      expect.objectContaining({ scope: "configmaps.v1/b", cause: "forbidden", from: expect.any(String), to: expect.any(String) }),
    ]);
  });

  test("granted by RoleBindings alone are enough for the namespaces that are named, one by one", async () => {
    await clusterWithAccess(({ resource }) => resource === undefined || ["a", "b"].includes(resource.namespace ?? ""));
    const output = cluster.directory();
    const capture = await cluster.capture({ output, kinds: ["v1/ConfigMap"], namespaces: ["a", "b"] });
    const heard = listen(capture);
    for (const namespace of ["a", "b", "c"]) cluster.history.create(configMap(namespace, `in-${namespace}`, "1"));
    await heard.rootVersions(2);
    capture.stop("enough");
    await capture.done;
    const stories = storiesIn(output);
    expect([...stories.keys()].toSorted()).toEqual(["in-a", "in-b"]);
    for (const story of stories.values()) expect(story.coverage).toMatchObject({ verdict: "complete", gaps: [] });
    expect(cluster.server.requests.filter(({ url }) => /^\/api\/v1\/(?:configmaps|events)/.test(url))).toEqual([]);
  });

  test("taken away in mid-run it shows at the next request: nothing is taken for deleted, and the hole is told", async () => {
    await clusterWithAccess(() => true);
    const output = cluster.directory();
    const capture = await cluster.capture({ output, kinds: ["v1/ConfigMap"], clock: hastyClock(20) });
    const heard = listen(capture);
    await synced(capture, 2);
    cluster.history.create(configMap("default", "settings", "1"));
    await heard.rootVersions(1);
    mayRead = ({ resource }) => resource?.plural !== "configmaps";
    for (const stream of cluster.server.streams) stream.end();
    await heard.until((all) => all.some(({ status }) => status === "scope-degraded"));
    capture.stop("enough");
    await capture.done;
    const story = storiesIn(output).get("settings");
    expect(told(story)).toEqual(["add"]);
    expect(story?.coverage.gaps).toEqual([
      expect.objectContaining({ scope: "configmaps.v1/default", cause: "forbidden", possible_loss: true }),
    ]);
  });
});

test("a selector never goes to the server: an object that ceases to match is not taken for deleted", async () => {
  cluster = await embeddedCluster();
  const output = cluster.directory();
  const capture = await cluster.capture({ output, kinds: ["v1/ConfigMap"], selector: "app=web" });
  const heard = listen(capture);
  await synced(capture, 2);
  const ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "settings" };
  const labelled = (app: string): object => ({ name: "settings", namespace: "default", labels: { app } });
  cluster.history.create({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "default", labels: { app: "web" } },
  });
  cluster.history.modify(ref, (object) => ({ ...object, metadata: { ...object.metadata, ...labelled("other") } }));
  await heard.rootVersions(2);
  cluster.history.remove(ref);
  await heard.rootVersions(3);
  capture.stop("enough");
  await capture.done;
  expect(told(storiesIn(output).get("settings"))).toEqual(["add", "update", "delete"]);
  expect(cluster.server.requests.filter(({ url }) => url.includes("labelSelector"))).toEqual([]);
});

describe("custom kinds", () => {
  const GADGET = { apiVersion: "shop.test/v1", kind: "Gadget", namespace: "default", name: "one" };

  /** Two versions, of which `served` are offered; the first one stores. */
  const definition = (...served: readonly string[]): Parameters<Embedded["history"]["create"]>[0] => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "gadgets.shop.test" },
    spec: {
      group: "shop.test",
      scope: "Namespaced",
      names: { plural: "gadgets", singular: "gadget", kind: "Gadget" },
      versions: served.map((name, index) => ({ name, served: true, storage: index === 0 })),
    },
  });
  const CRD = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: "gadgets.shop.test" };
  const gadget = (size: number): Parameters<Embedded["history"]["create"]>[0] => ({
    apiVersion: "shop.test/v1",
    kind: "Gadget",
    metadata: { name: "one", namespace: "default" },
    spec: { size },
  });
  const grow = (size: number): unknown => cluster.history.modify(GADGET, (object) => ({ ...object, spec: { size } }));

  test("served by one API server and not yet by the other: the first object is there with all its versions", async () => {
    let refusals = 8;
    cluster = await embeddedCluster({
      faults: {
        onRequest: ({ path }) =>
          path.endsWith("/gadgets") && refusals-- > 0 ? { fault: "respond", status: 404, body: "404 page not found" } : undefined,
      },
    });
    const output = cluster.directory();
    const capture = await cluster.capture({ output, kinds: ["shop.test/v1/Gadget"], clock: hastyClock(100) });
    const heard = listen(capture);
    cluster.history.create(definition("v1"));
    cluster.history.create(gadget(1));
    grow(2);
    await heard.rootVersions(2);
    grow(3);
    await heard.rootVersions(3);
    capture.stop("enough");
    await capture.done;
    expect(told(storiesIn(output).get("one"))).toEqual(["add", "update", "update"]);
    expect(refusals).toBeLessThan(0);
  });

  test("removed with their definition and installed again: the end of the old object and the whole life of the new one", async () => {
    cluster = await embeddedCluster();
    cluster.history.create(definition("v1"));
    const output = cluster.directory();
    const capture = await cluster.capture({
      output,
      kinds: ["shop.test/v1/Gadget"],
      clock: hastyClock(100),
      correlationTimeoutMs: 3_600_000,
    });
    const heard = listen(capture);
    await heard.until((all) =>
      all.some((status) => status.status === "watch-synced" && status.scope === "gadgets.v1.shop.test/default"),
    );
    cluster.history.create(gadget(1));
    await heard.rootVersions(1);
    cluster.history.remove(CRD);
    await heard.until((all) => all.some(({ status }) => status === "scope-degraded"));
    cluster.history.create(definition("v1"));
    cluster.history.create(gadget(2));
    await heard.rootVersions(3);
    grow(3);
    await heard.rootVersions(4);
    capture.stop("enough");
    const { stories } = await capture.done;
    const actions = stories.map(({ file }) => told(JSON.parse(readFileSync(file, "utf8")) as StoryDocument));
    expect(actions.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      ["add", "delete"],
      ["add", "update"],
    ]);
  });

  test("whose definition is edited: the watch ends, its history is gone, and no version is lost or told twice", async () => {
    cluster = await embeddedCluster();
    cluster.history.create(definition("v1"));
    const output = cluster.directory();
    const capture = await cluster.capture({ output, kinds: ["shop.test/v1/Gadget"], clock: hastyClock(100) });
    const heard = listen(capture);
    await heard.until((all) =>
      all.some((status) => status.status === "watch-synced" && status.scope === "gadgets.v1.shop.test/default"),
    );
    cluster.history.create(gadget(1));
    await heard.rootVersions(1);
    cluster.history.modify(CRD, (object) => ({ ...object, spec: { ...Object(object["spec"]), preserveUnknownFields: false } }));
    for (const size of [2, 3, 4]) grow(size);
    await heard.rootVersions(4);
    grow(5);
    await heard.rootVersions(5);
    capture.stop("enough");
    await capture.done;
    const story = storiesIn(output).get("one");
    expect(told(story)).toEqual(["add", "update", "update", "update", "update"]);
    expect(new Set(versions(story)).size).toBe(5);
  });

  test("whose version is served no longer: the newer one is followed, and no version is told twice", async () => {
    cluster = await embeddedCluster();
    cluster.history.create(definition("v1beta1"));
    cluster.history.create({ ...Object(gadget(1)), apiVersion: "shop.test/v1beta1" });
    const output = cluster.directory();
    const capture = await cluster.capture({ output, kinds: ["gadgets.shop.test"], clock: hastyClock(100) });
    const heard = listen(capture);
    await heard.rootVersions(1);
    cluster.history.modify(CRD, () => definition("v1") as never);
    cluster.history.modify(GADGET, (object) => ({ ...object, apiVersion: "shop.test/v1", spec: { size: 2 } }));
    await heard.rootVersions(2);
    capture.stop("enough");
    await capture.done;
    const story = storiesIn(output).get("one");
    expect(told(story)).toEqual(["add", "update"]);
    expect(new Set(versions(story)).size).toBe(2);
  });
});
