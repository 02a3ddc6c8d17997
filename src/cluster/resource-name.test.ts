import { assert, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import type { ApiResource } from "./api-resource.ts";
import type { Discovery } from "./discovery.ts";
import { editDistance } from "../base/index.ts";
import { meantBy } from "./slip.ts";
import { describeResource, matchesWanted, resolveResource } from "./resource-name.ts";

interface Row {
  readonly names?: readonly string[];
  readonly all?: boolean;
  readonly namespaced?: boolean;
}

function resource(
  apiVersion: string,
  kind: string,
  plural: string,
  { names = [], all = false, namespaced = true }: Row = {},
): ApiResource {
  const [version = "", group = ""] = apiVersion.split("/").toReversed();
  const verbs = ["get", "list", "watch"];
  return {
    group,
    version,
    apiVersion,
    plural,
    singular: kind.toLowerCase(),
    kind,
    namespaced,
    verbs,
    shortNames: names,
    categories: all ? ["all"] : [],
  };
}

const RESOURCES = [
  resource("v1", "Pod", "pods", { names: ["po"], all: true }),
  resource("v1", "Service", "services", { names: ["svc"], all: true }),
  resource("v1", "Event", "events", { names: ["ev"] }),
  resource("v1", "Node", "nodes", { names: ["no"], namespaced: false }),
  resource("v1", "Endpoints", "endpoints", { names: ["ep"] }),
  resource("events.k8s.io/v1", "Event", "events", { names: ["ev"] }),
  resource("apps/v1", "Deployment", "deployments", { names: ["deploy"], all: true }),
  resource("apps/v1", "ReplicaSet", "replicasets", { names: ["rs"], all: true }),
  resource("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", { names: ["hpa"], all: true }),
  resource("autoscaling/v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers", { names: ["hpa"], all: true }),
  resource("extensions/v1beta1", "Ingress", "ingresses", { names: ["ing"] }),
  resource("networking.k8s.io/v1", "Ingress", "ingresses", { names: ["ing"] }),
  resource("gateway.networking.k8s.io/v1", "Gateway", "gateways", { names: ["gtw"] }),
  resource("networking.istio.io/v1", "Gateway", "gateways", { names: ["gw"] }),
  resource("networking.istio.io/v1beta1", "Gateway", "gateways", { names: ["gw"] }),
  resource("metrics.k8s.io/v1beta1", "NodeMetrics", "nodes", { namespaced: false }),
  resource("mycompany.com/v1", "MyCustomResource", "mycustomresources", { names: ["po", "mcr"] }),
];

function discoveryOf(resources: readonly ApiResource[], staleGroups: readonly string[] = []): Discovery {
  const groups = [...new Set(resources.map((entry) => entry.group))].map((group) => ({
    group,
    versions: [...new Set(resources.filter((entry) => entry.group === group).map((entry) => entry.version))],
  }));
  return { resources, staleGroups, groups, parts: [] };
}

const DISCOVERY = discoveryOf(RESOURCES, ["custom.metrics.k8s.io/v1beta1"]);

function found(text: string): string {
  const resolution = resolveResource(text, DISCOVERY);
  if (resolution.outcome !== "found") return resolution.outcome;
  return `${resolution.resources.map(describeResource).join(" ")}${resolution.name === undefined ? "" : ` ${resolution.name}`}`;
}

describe("found:", () => {
  test.each([
    ["apps/v1/Deployment", "apps/v1/Deployment"],
    ["  apps / v1 / Deployment ", "apps/v1/Deployment"],
    ["apps/v1/deployments", "apps/v1/Deployment"],
    ["apps/v1/deployment", "apps/v1/Deployment"],
    ["v1/Pod", "v1/Pod"],
    ["v1/pods", "v1/Pod"],
    ["core/v1/Pod", "v1/Pod"],
    ["Deployment", "apps/v1/Deployment"],
    ["DEPLOYMENT", "apps/v1/Deployment"],
    ["replicaSet", "apps/v1/ReplicaSet"],
    ["apps/Deployment", "apps/v1/Deployment"],
    ["apps/deployments", "apps/v1/Deployment"],
    ["deploy", "apps/v1/Deployment"],
    ["deployments", "apps/v1/Deployment"],
    ["deployments.apps", "apps/v1/Deployment"],
    ["deployments.v1.apps", "apps/v1/Deployment"],
    ["Deployment.v1.apps", "apps/v1/Deployment"],
    ["pods.v1", "v1/Pod"],
    ["pods.v1.", "v1/Pod"],
    ["po/web", "v1/Pod web"],
    ["deploy/my-app", "apps/v1/Deployment my-app"],
    ["deployments.apps/my-app", "apps/v1/Deployment my-app"],
    ["Deployment/my-app", "apps/v1/Deployment my-app"],
    ["v1/Pod/web", "v1/Pod web"],
    ["apps/Deployment/web", "apps/v1/Deployment web"],
    ["apps/v1/Deployment/web", "apps/v1/Deployment web"],
    ["mycompany.com/v1/MyCustomResource", "mycompany.com/v1/MyCustomResource"],
    ["mcr", "mycompany.com/v1/MyCustomResource"],
    ["events", "v1/Event"],
    ["ev", "v1/Event"],
    ["events.events.k8s.io", "events.k8s.io/v1/Event"],
    ["events.k8s.io/v1/Event", "events.k8s.io/v1/Event"],
    ["nodes", "v1/Node"],
    ["nodemetrics", "metrics.k8s.io/v1beta1/NodeMetrics"],
    ["nodes.metrics.k8s.io", "metrics.k8s.io/v1beta1/NodeMetrics"],
    ["po", "v1/Pod"],
    ["hpa", "autoscaling/v2/HorizontalPodAutoscaler"],
    ["autoscaling/v1/HorizontalPodAutoscaler", "autoscaling/v1/HorizontalPodAutoscaler"],
    ["ing", "networking.k8s.io/v1/Ingress"],
    ["gw", "networking.istio.io/v1/Gateway"],
    ["gateways.gateway.networking.k8s.io", "gateway.networking.k8s.io/v1/Gateway"],
    ["all", "v1/Pod v1/Service apps/v1/Deployment apps/v1/ReplicaSet autoscaling/v2/HorizontalPodAutoscaler"],
  ])("%s is %s", (text, expected) => {
    expect(found(text)).toBe(expected);
  });
});

test("a kind in two groups of extensions is ambiguous, and the candidates are named", () => {
  expect(resolveResource("gateway", DISCOVERY)).toEqual({
    outcome: "ambiguous",
    candidates: [RESOURCES[12], RESOURCES[13]],
    message: '"gateway" may be gateway.networking.k8s.io/v1/Gateway, networking.istio.io/v1/Gateway; name one of them',
  });
});

describe("near:", () => {
  test.each([
    ["apps/v1/Service", "no kind Service in apps/v1; did you mean v1/Service?"],
    ["v1/Deployment", "no kind Deployment in v1; did you mean apps/v1/Deployment?"],
    ["apps/v2/Deployment", "no kind Deployment in apps/v2; did you mean apps/v1/Deployment?"],
    ["app/v1/Deployment", "no kind Deployment in app/v1; did you mean apps/v1/Deployment?"],
    ["Deploymnet", "no kind Deploymnet; did you mean apps/v1/Deployment?"],
    ["deployemnts", "no kind deployemnts; did you mean apps/v1/Deployment?"],
    ["v1/Pood", "no kind Pood in v1; did you mean v1/Pod?"],
    [
      "mycompany.com/v1/MyCustomResurce",
      "no kind MyCustomResurce in mycompany.com/v1; did you mean mycompany.com/v1/MyCustomResource?",
    ],
    [
      "mycompny.com/v1/MyCustomResource",
      "no kind MyCustomResource in mycompny.com/v1; did you mean mycompany.com/v1/MyCustomResource?",
    ],
    [
      "mycompany.com/v2/MyCustomResource",
      "no kind MyCustomResource in mycompany.com/v2; did you mean mycompany.com/v1/MyCustomResource?",
    ],
    ["deplyment/web", "no kind deplyment; did you mean apps/v1/Deployment?"],
    ["servcies.v1", "no kind servcies in v1; did you mean v1/Service?"],
  ])("%s: %s", (text, message) => {
    const resolution = resolveResource(text, DISCOVERY);
    expect(resolution).toMatchObject({ outcome: "near", message });
    expect(resolution.outcome === "near" && found(resolution.suggestion)).toBe(
      resolution.outcome === "near" && resolution.suggestion,
    );
  });
});

describe("not served, so waited for:", () => {
  test.each([
    [
      "argoproj.io/v1alpha1/Rollout",
      { group: "argoproj.io", version: "v1alpha1", kind: "Rollout" },
      "no kind Rollout in argoproj.io/v1alpha1: the cluster does not serve it now",
    ],
    [
      "serving.knative.dev/v1/Service",
      { group: "serving.knative.dev", version: "v1", kind: "Service" },
      "no kind Service in serving.knative.dev/v1: the cluster does not serve it now",
    ],
    [
      "rollouts.argoproj.io",
      { group: "argoproj.io", plural: "rollouts" },
      "no kind rollouts in argoproj.io: the cluster does not serve it now",
    ],
    ["Xylophone", { kind: "Xylophone" }, "no kind Xylophone: the cluster does not serve it now"],
    [
      "custom.metrics.k8s.io/v1beta1/Node",
      { group: "custom.metrics.k8s.io", version: "v1beta1", kind: "Node" },
      "no kind Node in custom.metrics.k8s.io/v1beta1: its API group does not answer now",
    ],
    [
      "custom.metrics.k8s.io/Service",
      { group: "custom.metrics.k8s.io", kind: "Service" },
      "no kind Service in custom.metrics.k8s.io: its API group does not answer now",
    ],
  ])("%s", (text, wanted, message) => {
    expect(resolveResource(text, DISCOVERY)).toMatchObject({ outcome: "not-served", wanted, message });
  });

  test("keeps the name of TYPE/NAME", () => {
    expect(resolveResource("rollouts.argoproj.io/web", DISCOVERY)).toMatchObject({ outcome: "not-served", name: "web" });
  });

  test("and recognised once it is there", () => {
    const later = resource("argoproj.io/v1alpha1", "Rollout", "rollouts", { names: ["ro"] });
    for (const text of [
      "argoproj.io/v1alpha1/Rollout",
      "argoproj.io/Rollout",
      "rollouts.argoproj.io",
      "rollout",
      "Rollout",
      "ro",
      "rollouts.v1alpha1.argoproj.io",
    ]) {
      const resolution = resolveResource(text, discoveryOf(RESOURCES.slice(0, 2)));
      if (resolution.outcome !== "not-served") throw new Error(`${text} is ${resolution.outcome}`);
      expect(matchesWanted(resolution.wanted, later), text).toBe(true);
      expect(
        RESOURCES.some((entry) => matchesWanted(resolution.wanted, entry)),
        text,
      ).toBe(false);
    }
  });
});

test.each(["", "  ", "/", "apps//Deployment", "a/b/c/d/e", "apps/v1/"])('no resource at all: "%s"', (text) => {
  expect(resolveResource(text, DISCOVERY)).toEqual({ outcome: "not-served", wanted: {}, message: "a resource is missing" });
});

test("what describes a resource always finds it", () => {
  for (const entry of RESOURCES) expect(found(describeResource(entry))).toBe(describeResource(entry));
});

test("nothing that is typed makes it throw", () => {
  assert(
    property(string({ unit: "grapheme" }), (text) => {
      expect(["found", "ambiguous", "near", "not-served"]).toContain(resolveResource(text, DISCOVERY).outcome);
    }),
  );
});

describe("the word that is meant", () => {
  test("exchanged neighbours, a missing, a wrong and a doubled letter are one edit each", () => {
    for (const slip of ["deployemnt", "deploymnt", "deplojment", "deploymennt"]) expect(editDistance(slip, "deployment")).toBe(1);
  });

  test("is none for a short or a far word", () => {
    expect(meantBy("po", ["pod", "no"])).toBeUndefined();
    expect(meantBy("rollout", ["deployment"])).toBeUndefined();
  });

  test("distance is symmetric, and zero only for the same", () => {
    assert(
      property(string(), string(), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});
