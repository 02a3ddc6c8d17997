import { describe, expect, test } from "vitest";
import type { ApiClient, ReadRequest, ReadResponse } from "./api-client.ts";
import { ApiFailure, type Failure } from "./api-failure.ts";
import { collectionPath } from "./api-resource.ts";
import { loadDiscovery, refreshDiscovery } from "./discovery.ts";
import { readClusterId, readServerVersion } from "./server-facts.ts";

type Answers = Readonly<
  Record<string, Failure | { readonly document?: unknown; readonly type?: string; readonly etag?: string }>
>;

const V2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** A client whose server gives these answers and 404 to all else. Honours If-None-Match. */
function clientWith(answers: Answers): ApiClient & { readonly asked: ReadRequest[] } {
  const asked: ReadRequest[] = [];
  const read = (request: ReadRequest): Promise<ReadResponse> => {
    asked.push(request);
    const answer = answers[request.path] ?? http(404);
    if ("kind" in answer) return Promise.reject(new ApiFailure(`GET ${request.path}`, answer));
    const headers = {
      "content-type": answer.type ?? "application/json",
      ...(answer.etag === undefined ? {} : { etag: answer.etag }),
    };
    const isSame = answer.etag !== undefined && answer.etag === request.ifNoneMatch;
    return Promise.resolve({
      status: isSame ? 304 : 200,
      headers,
      body: Buffer.from(isSame ? "" : typeof answer.document === "string" ? answer.document : JSON.stringify(answer.document)),
    });
  };
  return {
    server: "https://test",
    asked,
    read,
    stream: () => Promise.reject(new Error("not used")),
    close: () => Promise.resolve(),
  };
}

function http(status: number): Failure {
  return { kind: "http", status, reason: "", message: "", causes: [] };
}

function aggregatedEntry(resource: string, kind: string, more: object = {}): object {
  return {
    resource,
    responseKind: { group: "", version: "", kind },
    scope: "Namespaced",
    singularResource: kind.toLowerCase(),
    verbs: ["get", "list", "watch"],
    ...more,
  };
}

const CORE = {
  items: [
    {
      metadata: { name: "" },
      versions: [
        {
          version: "v1",
          freshness: "Current",
          resources: [
            aggregatedEntry("pods", "Pod", { shortNames: ["po"], categories: ["all"], subresources: [{ subresource: "log" }] }),
            aggregatedEntry("nodes", "Node", { scope: "Cluster" }),
            aggregatedEntry("bindings", "Binding", { verbs: ["create"] }),
            { resource: "odd", scope: "Namespaced", verbs: ["list"] },
          ],
        },
      ],
    },
  ],
};

function groups(metricsFreshness: string, metricsResources: readonly object[]): object {
  return {
    items: [
      {
        metadata: { name: "apps" },
        versions: [
          {
            version: "v1",
            freshness: "Current",
            resources: [aggregatedEntry("deployments", "Deployment", { shortNames: ["deploy"] })],
          },
        ],
      },
      {
        metadata: { name: "metrics.k8s.io" },
        versions: [{ version: "v1beta1", freshness: metricsFreshness, resources: metricsResources }],
      },
      {
        metadata: { name: "demo.io" },
        versions: ["v2", "v1"].map((version) => ({
          version,
          freshness: "Current",
          resources: [aggregatedEntry("widgets", "Widget")],
        })),
      },
    ],
  };
}

const PODS = {
  group: "",
  version: "v1",
  apiVersion: "v1",
  plural: "pods",
  singular: "pod",
  kind: "Pod",
  namespaced: true,
  verbs: ["get", "list", "watch"],
  shortNames: ["po"],
  categories: ["all"],
};

describe("aggregated discovery", () => {
  test("takes two requests, and leaves out what is no collection", async () => {
    const client = clientWith({ "/api": { document: CORE, type: V2 }, "/apis": { document: groups("Current", []), type: V2 } });
    const discovery = await loadDiscovery(client);
    expect(client.asked.map((request) => request.path)).toEqual(["/api", "/apis"]);
    expect(client.asked[0]?.accept).toMatch(
      /^application\/json;g=apidiscovery\.k8s\.io;v=v2;as=APIGroupDiscoveryList,.*v2beta1.*,application\/json$/,
    );
    expect(discovery.resources.map((resource) => collectionPath(resource, "ns"))).toEqual([
      "/api/v1/namespaces/ns/pods",
      "/api/v1/nodes",
      "/apis/apps/v1/namespaces/ns/deployments",
      "/apis/demo.io/v2/namespaces/ns/widgets",
      "/apis/demo.io/v1/namespaces/ns/widgets",
    ]);
    expect(discovery.resources[0]).toEqual(PODS);
    expect(discovery.groups.at(-1)).toEqual({ group: "demo.io", versions: ["v2", "v1"] });
    expect(discovery.staleGroups).toEqual([]);
  });

  test("names a stale group, and keeps what it served when last it answered", async () => {
    const nodes = [aggregatedEntry("nodes", "NodeMetrics", { scope: "Cluster" })];
    const before = await loadDiscovery(
      clientWith({ "/api": { document: CORE, type: V2 }, "/apis": { document: groups("Current", nodes), type: V2 } }),
    );
    const stale = clientWith({
      "/api": { document: CORE, type: V2 },
      "/apis": { document: groups("Stale", []), type: V2, etag: '"2"' },
    });
    const fresh = await loadDiscovery(stale);
    expect(fresh.staleGroups).toEqual(["metrics.k8s.io/v1beta1"]);
    expect(fresh.resources.map((resource) => resource.kind)).not.toContain("NodeMetrics");
    const refreshed = await refreshDiscovery(stale, before);
    expect(refreshed.staleGroups).toEqual(["metrics.k8s.io/v1beta1"]);
    expect(refreshed.resources.map((resource) => resource.kind)).toContain("NodeMetrics");
    await refreshDiscovery(stale, refreshed);
    expect(stale.asked.at(-1)?.ifNoneMatch).toBeUndefined();
  });

  test("takes over what has not changed by its ETag", async () => {
    const client = clientWith({
      "/api": { document: CORE, type: V2, etag: '"c"' },
      "/apis": { document: groups("Current", []), type: V2, etag: '"g"' },
    });
    const first = await loadDiscovery(client);
    const second = await refreshDiscovery(client, first);
    expect(client.asked.slice(2).map((request) => request.ifNoneMatch)).toEqual(['"c"', '"g"']);
    expect(second).toEqual(first);
  });
});

const LEGACY: Answers = {
  "/api": { document: { kind: "APIVersions", versions: ["v1"] } },
  "/apis": {
    document: {
      kind: "APIGroupList",
      groups: [
        { name: "apps", versions: [{ version: "v1beta1" }, { version: "v1" }], preferredVersion: { version: "v1" } },
        { name: "metrics.k8s.io", versions: [{ version: "v1beta1" }], preferredVersion: { version: "v1beta1" } },
      ],
    },
  },
  "/api/v1": {
    document: {
      resources: [
        {
          name: "pods",
          singularName: "",
          namespaced: true,
          kind: "Pod",
          verbs: ["get", "list", "watch"],
          shortNames: ["po"],
          categories: ["all"],
        },
        { name: "pods/log", namespaced: true, kind: "Pod", verbs: ["get"] },
      ],
    },
  },
  "/apis/apps/v1": {
    document: {
      resources: [{ name: "deployments", singularName: "deployment", namespaced: true, kind: "Deployment", verbs: ["list"] }],
    },
  },
  "/apis/apps/v1beta1": { document: { resources: [] } },
  "/apis/metrics.k8s.io/v1beta1": http(503),
};

describe("legacy discovery", () => {
  test("walks every group version; a dead one is stale and hides no other", async () => {
    const discovery = await loadDiscovery(clientWith(LEGACY));
    expect(discovery.resources[0]).toEqual(PODS);
    expect(discovery.resources.map((resource) => `${resource.apiVersion}/${resource.kind}`)).toEqual([
      "v1/Pod",
      "apps/v1/Deployment",
    ]);
    expect(discovery.staleGroups).toEqual(["metrics.k8s.io/v1beta1"]);
    expect(discovery.groups.find((entry) => entry.group === "apps")?.versions).toEqual(["v1", "v1beta1"]);
  });

  test("serves for one root while the other is aggregated", async () => {
    const discovery = await loadDiscovery(clientWith({ ...LEGACY, "/apis": { document: groups("Current", []), type: V2 } }));
    expect(discovery.resources.map((resource) => resource.kind)).toEqual(["Pod", "Deployment", "Widget", "Widget"]);
  });

  test("survives nonsense of one server", async () => {
    const discovery = await loadDiscovery(
      clientWith({ ...LEGACY, "/apis/metrics.k8s.io/v1beta1": { document: "<html>" }, "/apis/apps/v1": { document: [1, "x"] } }),
    );
    expect(discovery.resources.map((resource) => resource.kind)).toEqual(["Pod"]);
    expect(discovery.staleGroups).toEqual(["metrics.k8s.io/v1beta1"]);
  });

  test("a thousand group versions are all read", async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `g${index}.example.com`);
    const answers = Object.fromEntries(
      names.map((name) => [
        `/apis/${name}/v1`,
        { document: { resources: [{ name: "things", kind: "Thing", namespaced: true, verbs: ["list"] }] } },
      ]),
    );
    const list = { groups: names.map((name) => ({ name, versions: [{ version: "v1" }], preferredVersion: { version: "v1" } })) };
    const discovery = await loadDiscovery(clientWith({ ...LEGACY, ...answers, "/apis": { document: list } }));
    expect(discovery.resources.slice(1).map((resource) => resource.group)).toEqual(names);
  });
});

describe("no discovery", () => {
  test.each([
    ["the credentials are refused", { "/api": http(401), "/apis": { document: groups("Current", []), type: V2 } }],
    ["both roots are hidden", { "/api": http(403), "/apis": http(403) }],
    ["a page that is no JSON comes", { "/api": { document: "hello" }, "/apis": { document: "hello" } }],
    ["the credentials are refused in the walk", { ...LEGACY, "/api/v1": http(401) }],
  ] as const)("when %s", async (_name, answers) => {
    await expect(loadDiscovery(clientWith(answers))).rejects.toBeInstanceOf(ApiFailure);
  });

  test("but one hidden root is not the end", async () => {
    const discovery = await loadDiscovery(
      clientWith({ "/api": http(403), "/apis": { document: groups("Current", []), type: V2 } }),
    );
    expect(discovery.resources[0]?.kind).toBe("Deployment");
  });
});

describe("facts of the server", () => {
  const facts: Answers = {
    "/version": { document: { gitVersion: "v1.35.0" } },
    "/api/v1/namespaces/kube-system": { document: { metadata: { uid: "u-1" } } },
  };

  test("are its version and the uid of kube-system", async () => {
    expect(await readServerVersion(clientWith(facts))).toBe("v1.35.0");
    expect(await readClusterId(clientWith(facts))).toBe("u-1");
  });

  test("are undefined when hidden or odd, and a failure when the server is", async () => {
    expect(await readClusterId(clientWith({ "/api/v1/namespaces/kube-system": http(403) }))).toBeUndefined();
    expect(await readServerVersion(clientWith({ "/version": { document: "v1" } }))).toBeUndefined();
    await expect(readClusterId(clientWith({ "/api/v1/namespaces/kube-system": http(401) }))).rejects.toBeInstanceOf(ApiFailure);
  });
});
