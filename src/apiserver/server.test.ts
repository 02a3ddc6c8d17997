import { request as rawRequest } from "node:http";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "./kube-object.ts";
import { AGGREGATED_TYPE } from "./routes/discovery.ts";
import { configMap, configMapRef, openServer } from "./test-server.cases.ts";

const PARTIAL = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

describe("documents", () => {
  test.each(["/healthz", "/livez", "/readyz", "/readyz/ping"])("%s says ok", async (path) => {
    const { get } = await openServer();
    expect(await get(path)).toMatchObject({ status: 200, text: "ok" });
  });

  test("the version names what the server claims to be", async () => {
    const { get } = await openServer({ settings: { version: "v1.33.2" } });
    expect((await get("/version")).body).toMatchObject({ major: "1", minor: "33", gitVersion: "v1.33.2" });
  });

  test("the older discovery lists groups, versions and resources", async () => {
    const { get } = await openServer();
    expect((await get("/api")).body).toMatchObject({ kind: "APIVersions", versions: ["v1"] });
    expect((await get("/apis")).body).toMatchObject({
      kind: "APIGroupList",
      groups: expect.arrayContaining([expect.objectContaining({ name: "apps" })]),
    });
    expect((await get("/apis/apps")).body).toMatchObject({ kind: "APIGroup", preferredVersion: { groupVersion: "apps/v1" } });
    expect((await get("/apis/apps/v1")).body).toMatchObject({
      groupVersion: "apps/v1",
      resources: expect.arrayContaining([
        {
          name: "deployments",
          singularName: "deployment",
          namespaced: true,
          kind: "Deployment",
          verbs: ["get", "list", "watch"],
          shortNames: ["deploy"],
          categories: ["all"],
        },
      ]),
    });
    expect((await get("/api/v1")).body).toMatchObject({
      resources: expect.arrayContaining([expect.objectContaining({ name: "pods/log" })]),
    });
  });

  test("the aggregated discovery comes when asked for, with an ETag", async () => {
    const { get } = await openServer();
    const accept = `${AGGREGATED_TYPE},application/json`;
    const answer = await get("/apis", { accept });
    expect(answer.headers.get("content-type")).toBe(AGGREGATED_TYPE);
    expect(answer.body).toMatchObject({
      kind: "APIGroupDiscoveryList",
      items: expect.arrayContaining([expect.objectContaining({ metadata: { name: "apps", creationTimestamp: null } })]),
    });
    expect((await get("/apis", { accept, "if-none-match": answer.headers.get("etag") ?? "" })).status).toBe(304);
    expect((await get("/api", { accept })).body).toMatchObject({
      items: [{ versions: [{ version: "v1", freshness: "Current" }] }],
    });
  });

  test("a server from before aggregated discovery answers the older document", async () => {
    const { get } = await openServer({ settings: { aggregatedDiscovery: false } });
    expect((await get("/apis", { accept: `${AGGREGATED_TYPE},application/json` })).body).toMatchObject({ kind: "APIGroupList" });
  });

  test.each([
    "/openapi/v3",
    "/apis/none.example",
    "/apis/none.example/v1",
    "/apis/none.example/v1/things",
    "/api/v1/unicorns",
    "/api/v1/namespaces/default/nodes",
    "/api/v1/pods/a",
    "/api/v1/nodes/a/b/c",
    "/%zz",
  ])("%s leads nowhere", async (path) => {
    const { get } = await openServer();
    expect(await get(path)).toMatchObject({ status: 404, text: "404 page not found\n" });
  });
});

describe("one object", () => {
  test("comes byte for byte as it is stored", async () => {
    const { get, history } = await openServer();
    const { text } = history.create('{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"n":9007199254740993}');
    expect(await get("/api/v1/namespaces/default/configmaps/a")).toMatchObject({ status: 200, text });
  });

  test("comes without its data when only metadata is asked for", async () => {
    const { get, history } = await openServer();
    history.create({ apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, data: { password: "c2VjcmV0" } });
    const answer = await get("/api/v1/namespaces/default/secrets/a", { accept: PARTIAL });
    expect(answer.body).toMatchObject({
      kind: "PartialObjectMetadata",
      apiVersion: "meta.k8s.io/v1",
      metadata: { name: "a", resourceVersion: "2" },
    });
    expect(answer.text).not.toContain("c2VjcmV0");
  });

  test("a namespace and its status are objects, what is below it are collections", async () => {
    const { get, history } = await openServer();
    history.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "prod" } });
    expect((await get("/api/v1/namespaces/prod")).body).toMatchObject({ kind: "Namespace" });
    expect((await get("/api/v1/namespaces/prod/status")).body).toMatchObject({ kind: "Namespace" });
    expect((await get("/api/v1/namespaces/prod/pods/")).body).toMatchObject({ kind: "PodList" });
  });

  test("that does not exist is a 404 with details", async () => {
    const { get } = await openServer();
    expect((await get("/apis/apps/v1/namespaces/default/deployments/web")).body).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: 'deployments.apps "web" not found',
      reason: "NotFound",
      details: { name: "web", group: "apps", kind: "deployments" },
      code: 404,
    });
  });

  test("in a form that is not offered is a 406", async () => {
    const { get } = await openServer();
    expect(await get("/api/v1/pods", { accept: "application/vnd.kubernetes.protobuf" })).toMatchObject({
      status: 406,
      body: { reason: "NotAcceptable" },
    });
    expect(await get("/api/v1/pods", { accept: "application/vnd.kubernetes.protobuf,application/json" })).toMatchObject({
      status: 200,
    });
  });
});

describe("forms of a list", () => {
  test("metadata only, for every item", async () => {
    const { get, history } = await openServer();
    history.create(configMap("a"));
    expect((await get("/api/v1/configmaps", { accept: PARTIAL_LIST })).body).toMatchObject({
      kind: "PartialObjectMetadataList",
      metadata: { resourceVersion: "2" },
      items: [{ kind: "PartialObjectMetadata", metadata: { name: "a" } }],
    });
  });

  test("a table, with as much of the object as asked for", async () => {
    const { get, history } = await openServer();
    history.create(configMap("a"));
    const answer = await get("/api/v1/configmaps", { accept: TABLE });
    expect(answer.headers.get("content-type")).toBe("application/json;as=Table;g=meta.k8s.io;v=v1");
    expect(answer.body).toMatchObject({
      kind: "Table",
      columnDefinitions: [{ name: "Name", format: "name" }, { name: "Data", type: "integer" }, { name: "Age" }],
      rows: [{ cells: ["a", 1, "0s"], object: { kind: "PartialObjectMetadata" } }],
    });
    expect((await get("/api/v1/configmaps?includeObject=Object", { accept: TABLE })).body).toMatchObject({
      rows: [{ object: { kind: "ConfigMap" } }],
    });
    expect((await get("/api/v1/configmaps?includeObject=None", { accept: TABLE })).text).not.toContain('"object"');
    expect((await get("/api/v1/namespaces/default/configmaps/a", { accept: TABLE })).body).toMatchObject({ kind: "Table" });
  });
});

describe("who may do what", () => {
  test.each(["POST", "PUT", "PATCH", "DELETE"])("%s is refused", async (method) => {
    const { server, history } = await openServer();
    history.create(configMap("a"));
    const response = await fetch(`${server.url}/api/v1/namespaces/default/configmaps/a`, { method });
    expect(response.status).toBe(405);
    expect(await response.json()).toMatchObject({ reason: "MethodNotAllowed", code: 405 });
    expect(server.requests).toMatchObject([{ method, url: "/api/v1/namespaces/default/configmaps/a", status: 405 }]);
  });

  test("HEAD is answered without a body", async () => {
    const { server } = await openServer();
    const response = await fetch(`${server.url}/version`, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  test("without a valid token nobody gets in", async () => {
    const { get } = await openServer({
      authenticate: (request) => (request.headers["authorization"] === "Bearer good" ? "ann" : undefined),
    });
    expect(await get("/api/v1/pods")).toMatchObject({ status: 401, body: { message: "Unauthorized", reason: "Unauthorized" } });
    expect(await get("/api/v1/pods", { authorization: "Bearer good" })).toMatchObject({ status: 200 });
  });

  test.each([
    [
      "/apis/apps/v1/deployments",
      'deployments.apps is forbidden: User "ann" cannot list resource "deployments" in API group "apps" at the cluster scope',
    ],
    [
      "/api/v1/namespaces/prod/pods?watch=true",
      'pods is forbidden: User "ann" cannot watch resource "pods" in API group "" in the namespace "prod"',
    ],
    [
      "/api/v1/namespaces/prod/pods/a/log",
      'pods "a" is forbidden: User "ann" cannot get resource "pods/log" in API group "" in the namespace "prod"',
    ],
    [
      "/api/v1/namespaces/prod/pods?fieldSelector=metadata.name%3Da",
      'pods "a" is forbidden: User "ann" cannot list resource "pods" in API group "" in the namespace "prod"',
    ],
    ["/version", 'forbidden: User "ann" cannot get path "/version"'],
  ])("a denial of %s says what was denied", async (path, message) => {
    const { get } = await openServer({ authenticate: () => "ann", authorize: () => false });
    expect(await get(path)).toMatchObject({ status: 403, body: { reason: "Forbidden", message, code: 403 } });
  });

  test("a denial may give its reason", async () => {
    const { get } = await openServer({
      authorize: (attributes) => (attributes.resource?.plural === "pods" ? "no pods for you" : true),
    });
    expect(await get("/api/v1/pods")).toMatchObject({
      status: 403,
      body: { message: expect.stringMatching(/: no pods for you$/) },
    });
    expect(await get("/api/v1/nodes")).toMatchObject({ status: 200 });
  });
});

describe("custom kinds", () => {
  const V1 = [{ name: "v1", served: true, storage: true }];
  const definition = (versions: readonly object[] = V1): KubeObject => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "lamps.light.example" },
    spec: {
      group: "light.example",
      scope: "Namespaced",
      names: { plural: "lamps", kind: "Lamp", shortNames: ["lp"], categories: ["all"] },
      versions,
    },
  });
  const lamp = {
    apiVersion: "light.example/v1",
    kind: "Lamp",
    metadata: { name: "l", namespace: "default" },
    spec: { on: true },
  };

  test("are served from their definition on, until it is removed", async () => {
    const { get, history } = await openServer();
    expect((await get("/apis/light.example/v1/lamps")).status).toBe(404);
    history.create(definition());
    history.create(lamp);
    expect((await get("/apis/light.example/v1")).body).toMatchObject({
      resources: [{ name: "lamps", kind: "Lamp", shortNames: ["lp"], singularName: "lamp" }],
    });
    const list = await get("/apis/light.example/v1/lamps");
    expect(list.text).toMatch(
      /^\{"apiVersion":"light.example\/v1","items":\[\{"apiVersion":.*"kind":"LampList","metadata":\{"resourceVersion":"3"\}\}$/,
    );
    history.remove({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: "lamps.light.example" });
    expect((await get("/apis/light.example/v1/lamps")).status).toBe(404);
  });

  test("are served at each of their versions", async () => {
    const { get, history } = await openServer();
    history.create(definition([...V1, { name: "v2", served: true }, { name: "v0", served: false }]));
    history.create(lamp);
    expect((await get("/apis/light.example/v2/namespaces/default/lamps/l")).body).toMatchObject({
      apiVersion: "light.example/v2",
      spec: { on: true },
    });
    expect((await get("/apis/light.example/v0/lamps")).status).toBe(404);
  });

  test("lose their instances before they go, and end their watches", async () => {
    const { open, history } = await openServer();
    history.create(definition());
    history.create(lamp);
    const watch = await open("/apis/light.example/v1/lamps?watch=true&resourceVersion=3");
    history.remove({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: "lamps.light.example" });
    expect(await watch.changes(2)).toEqual(["DELETED l@4", undefined]);
  });

  test("end their watches when the definition is edited, and the next watch finds its history gone", async () => {
    const { open, history } = await openServer();
    history.create(definition());
    history.create(lamp);
    const watch = await open("/apis/light.example/v1/lamps?watch=true&resourceVersion=2");
    expect(await watch.change()).toBe("ADDED l@3");
    history.update(definition([...V1, { name: "v2", served: true }]));
    expect(await watch.change()).toBeUndefined();
    const next = await open("/apis/light.example/v1/lamps?watch=true&resourceVersion=3");
    expect(await next.changes(2)).toEqual(["ERROR 410 too old resource version: 3 (4)", undefined]);
  });

  test("without names or a group define nothing", async () => {
    const { history } = await openServer();
    history.create('{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"x"}}');
    expect(history.resources.all().some((resource) => resource.custom)).toBe(false);
  });
});

describe("the server itself", () => {
  test("takes the date from its clock", async () => {
    const { get } = await openServer();
    expect((await get("/version")).headers.get("date")).toBe("Thu, 01 Jan 2026 00:00:00 GMT");
  });

  test("says which port is taken", async () => {
    const { server, history } = await openServer();
    const { startApiServer } = await import("./server.ts");
    await expect(startApiServer({ history, port: server.port })).rejects.toThrow("EADDRINUSE");
  });

  test("ends streams cleanly when it closes", async () => {
    const { server, open, history } = await openServer();
    history.create(configMap("a"));
    const watch = await open("/api/v1/configmaps?watch=true");
    expect(await watch.change()).toBe("ADDED a@2");
    expect(server.streams).toHaveLength(1);
    await server.close();
    expect(await watch.change()).toBeUndefined();
    expect(server.streams).toHaveLength(0);
  });

  test("survives clients that break off", async () => {
    const { server, history, get } = await openServer();
    const broken = rawRequest(`${server.url}/api/v1/configmaps?watch=true&resourceVersion=1`);
    broken.on("error", () => undefined);
    await new Promise((resolve) => broken.on("response", resolve).end());
    broken.destroy();
    history.create(configMap("a"));
    history.remove(configMapRef("a"));
    expect((await get("/version")).status).toBe(200);
  });
});
