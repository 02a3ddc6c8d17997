import { describe, expect, test } from "vitest";
import { FaroError } from "../base/index.ts";
import type { ApiResource, Discovery } from "../cluster/index.ts";
import { describePlan, makePlan } from "./plan.ts";

function resource(apiVersion: string, kind: string, options: Partial<ApiResource> = {}): ApiResource {
  const [group = "", version = ""] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  const singular = kind.toLowerCase();
  const plural = singular.endsWith("s") ? `${singular}es` : `${singular}s`;
  return {
    group,
    version,
    apiVersion,
    plural,
    singular,
    kind,
    namespaced: true,
    verbs: ["get", "list", "watch"],
    shortNames: [],
    categories: [],
    ...options,
  };
}

const SERVED: readonly ApiResource[] = [
  resource("v1", "Pod", { shortNames: ["po"] }),
  resource("v1", "Event"),
  resource("v1", "Service", { plural: "services" }),
  resource("v1", "ConfigMap"),
  resource("v1", "Secret"),
  resource("v1", "Node", { namespaced: false }),
  resource("apps/v1", "Deployment", { shortNames: ["deploy"] }),
  resource("apps/v1", "ReplicaSet"),
  resource("apps/v1", "StatefulSet", { shortNames: ["sts"] }),
  resource("batch/v1", "Job"),
  resource("batch/v1", "CronJob"),
  resource("coordination.k8s.io/v1", "Lease"),
  resource("events.k8s.io/v1", "Event"),
  resource("shop.test/v1", "Order"),
  resource("shop.test/v1", "OrderItem"),
  resource("shop.test/v1", "Cluster", { namespaced: false }),
  resource("authentication.k8s.io/v1", "TokenReview", { verbs: ["create"] }),
];
const GROUPS = [...new Set(SERVED.map(({ group }) => group))].map((group) => ({ group, versions: ["v1"] }));
const DISCOVERY: Discovery = { resources: SERVED, staleGroups: [], groups: GROUPS, parts: [] };

type Options = Parameters<typeof makePlan>[0];
function plan(resources: readonly (string | [string, string])[], options: Partial<Options> = {}): ReturnType<typeof makePlan> {
  const requests = resources.map((item) => (typeof item === "string" ? { text: item } : { text: item[0], name: item[1] }));
  return makePlan(
    {
      resources: requests,
      names: [],
      namespaces: ["shop"],
      selector: "",
      related: "auto",
      requireKinds: false,
      includeLogs: true,
      ...options,
    },
    DISCOVERY,
  );
}
const scopes = (...args: Parameters<typeof plan>): string[] => plan(...args).followed.map(({ scope }) => scope);

describe("what is followed", () => {
  test("a Deployment brings its ReplicaSets, their pods, what can act on these, and the Events", () => {
    expect(scopes(["apps/v1/Deployment"])).toEqual([
      "deployments.v1.apps/shop",
      "replicasets.v1.apps/shop",
      "pods.v1/shop",
      "services.v1/shop",
      "events.v1/shop",
    ]);
  });

  test("a CronJob brings Jobs and pods", () => {
    expect(scopes(["cronjob"], { related: "owned" })).toEqual([
      "cronjobs.v1.batch/shop",
      "jobs.v1.batch/shop",
      "pods.v1/shop",
      "events.v1/shop",
    ]);
  });

  test("a kind that is root and related is watched once, as a root", () => {
    const { followed } = plan(["deploy", "v1/Pod"]);
    expect(followed.filter(({ scope }) => scope === "pods.v1/shop")).toEqual([expect.objectContaining({ isRoot: true })]);
  });

  test.each([[["events.k8s.io/v1/Event"]], [["v1/Event"]], [["v1/Event", "events.k8s.io/v1/Event"]]])(
    "Events are watched once, by whichever name they were asked for: %j",
    (asked) => {
      expect(scopes(asked)).toEqual(["events.v1/shop"]);
      expect(plan(asked).selection.resources).toEqual(["events.v1"]);
    },
  );

  test("a custom kind brings what operators create, and the kinds of its own group", () => {
    const names = scopes(["shop.test/v1/Order"]);
    expect(names).toEqual(
      expect.arrayContaining([
        "orders.v1.shop.test/shop",
        "configmaps.v1/shop",
        "secrets.v1/shop",
        "pods.v1/shop",
        "orderitems.v1.shop.test/shop",
      ]),
    );
    expect(names).not.toContain("leases.v1.coordination.k8s.io/shop");
  });

  test("what a cluster-scoped root owns may be in any namespace, and its Events are in default", () => {
    const names = scopes(["shop.test/v1/Cluster"]);
    expect(names).toEqual(
      expect.arrayContaining(["clusters.v1.shop.test/*", "pods.v1/*", "events.v1/shop", "events.v1/default"]),
    );
  });

  test("Secrets are read without their data", () => {
    expect(plan(["v1/Secret"]).followed.find(({ scope }) => scope.startsWith("secrets"))?.target.metadataOnly).toBe(true);
  });

  test("each namespace is a scope of its own, none means all", () => {
    expect(scopes(["v1/Pod"], { namespaces: ["a", "b"], related: "owned" })).toEqual([
      "pods.v1/a",
      "pods.v1/b",
      "events.v1/a",
      "events.v1/b",
    ]);
    expect(scopes(["v1/Pod"], { namespaces: [], related: "owned" })).toEqual(["pods.v1/*", "events.v1/*"]);
  });

  test("--related: none, all, a list", () => {
    expect(scopes(["deploy"], { related: "none" })).toEqual(["deployments.v1.apps/shop", "events.v1/shop"]);
    expect(scopes(["deploy"], { related: ["service", "v1/ConfigMap"] })).toEqual([
      "deployments.v1.apps/shop",
      "services.v1/shop",
      "configmaps.v1/shop",
      "events.v1/shop",
    ]);
    const all = scopes(["deploy"], { related: "all" });
    expect(all).toEqual(expect.arrayContaining(["orders.v1.shop.test/shop", "nodes.v1/*"]));
    expect(all).not.toContain("events.v1.events.k8s.io/shop");
  });
});

describe("names", () => {
  test("one exact name is left to the server, a glob is not", () => {
    expect(scopes(["deploy"], { names: ["web"] })[0]).toBe("deployments.v1.apps/shop/web");
    expect(scopes(["deploy"], { names: ["web-*"] })[0]).toBe("deployments.v1.apps/shop");
  });

  test("a name given with its kind is that kind's alone", () => {
    const { selection, followed } = plan([
      ["deploy", "web"],
      ["sts", "db"],
      ["deploy", "api"],
    ]);
    expect(selection).toMatchObject({
      names: [],
      namesOf: { "deployments.v1.apps": ["web", "api"], "statefulsets.v1.apps": ["db"] },
    });
    expect(followed.map(({ scope }) => scope)).toEqual(
      expect.arrayContaining(["deployments.v1.apps/shop", "statefulsets.v1.apps/shop/db"]),
    );
    expect(plan(["deploy/web"]).selection.namesOf).toEqual({ "deployments.v1.apps": ["web"] });
    expect(plan(["deploy/web", "deploy"]).selection.namesOf).toBeUndefined();
  });
});

describe("kinds that are not there", () => {
  test("a slip names the right one", () => {
    expect(() => plan(["apps/v1/Service"])).toThrow(
      new FaroError("FARO_UNKNOWN_KIND", "no kind Service in apps/v1; did you mean v1/Service?", {
        hint: "write --resource=v1/Service",
      }),
    );
  });

  test("a kind that may come is waited for, with what it may own already watched", () => {
    const { roots, awaited, followed } = plan(["later.test/v1/Gadget"]);
    expect([roots, awaited.map(({ text }) => text)]).toEqual([[], ["later.test/v1/Gadget"]]);
    expect(followed.map(({ scope }) => scope)).toEqual(
      expect.arrayContaining(["configmaps.v1/shop", "pods.v1/shop", "events.v1/shop"]),
    );
  });

  test("--require-kinds makes it an error", () => {
    expect(() => plan(["later.test/v1/Gadget"], { requireKinds: true })).toThrow(/later\.test/);
  });

  test("a kind that cannot be listed is refused with the verbs it lacks", () => {
    expect(() => plan(["tokenreviews"])).toThrow("cannot record tokenreviews: the API server does not let it be listed");
  });
});

test("the plan of a dry run says what, why, and whether logs are read", () => {
  const options = {
    resources: [{ text: "deploy" }],
    names: ["web"],
    namespaces: ["shop"],
    selector: "",
    related: "auto",
    requireKinds: false,
    includeLogs: true,
  } as const;
  const made = makePlan(options, DISCOVERY);
  const described = describePlan(made, options, { url: "https://x", version: "v1.36.3" });
  expect(described).toMatchObject({ server: "https://x", serverVersion: "v1.36.3", logs: true, waitingFor: [] });
  expect(described.scopes[0]).toEqual({
    scope: "deployments.v1.apps/shop/web",
    resourceType: "apps/v1/Deployment",
    plural: "deployments",
    group: "apps",
    namespace: "shop",
    name: "web",
    verbs: ["list", "watch"],
    why: "root",
    metadataOnly: false,
  });
  expect(describePlan(made, { ...options, includeLogs: false }, { url: "", version: "" })).toMatchObject({
    logs: false,
    logsWhy: "--include-logs=false",
  });
});
