import { describe, expect, test } from "vitest";
import { fieldsOf, parseFieldSelector, parseLabelSelector, selectableFields } from "./selectors.ts";

const LABELS = { app: "web", tier: "front", weight: "7", "a.example/empty": "" };

describe("a label selector", () => {
  test.each([
    ["", true],
    ["app=web", true],
    ["app==web,tier=front", true],
    ["app=web,tier=back", false],
    ["app!=web", false],
    ["missing!=x", true],
    ["app in (api, web)", true],
    ["app in (api)", false],
    ["app notin (api),tier", true],
    ["missing notin (x)", true],
    ["app notin (web)", false],
    ["tier", true],
    ["!tier", false],
    ["! missing", true],
    ["weight>6", true],
    ["weight<7", false],
    ["app>6", false],
    ["a.example/empty=", true],
  ])("%j selects the pod: %j", (text, expected) => {
    const parsed = parseLabelSelector(text);
    expect("selector" in parsed && parsed.selector(LABELS)).toBe(expected);
  });

  test.each(["app=", "=x", "app in web", "a=b=c", "app,,tier", "(a)"])("%j is %s", (text) => {
    const isLegal = "selector" in parseLabelSelector(text);
    expect(isLegal).toBe(text === "app=");
  });
});

describe("a field selector", () => {
  const supported = selectableFields("/pods");

  test.each([
    ["", true],
    ["metadata.name=a", true],
    ["metadata.name==a,status.phase!=Running", false],
    ["spec.nodeName!=", true],
    ["status.phase=Pending", false],
  ])("%j selects the pod: %j", (text, expected) => {
    const fields = fieldsOf("/pods", { metadata: { name: "a" }, spec: { nodeName: "n" }, status: { phase: "Running" } });
    const parsed = parseFieldSelector(text, supported);
    expect("selector" in parsed && parsed.selector(fields)).toBe(expected);
  });

  test("unescapes values and tells which are fixed", () => {
    const parsed = parseFieldSelector("metadata.name=a\\,b\\=c", supported);
    expect(parsed.exact).toEqual({ "metadata.name": "a,b=c" });
  });

  test("refuses fields that the kind does not offer, and nonsense", () => {
    expect(parseFieldSelector("spec.color=red", supported)).toEqual({ problem: "field label not supported: spec.color" });
    expect(parseFieldSelector("metadata.name", supported)).toMatchObject({
      problem: expect.stringContaining("can't understand 'metadata.name'"),
    });
  });

  test("knows the fields of each kind", () => {
    expect(fieldsOf("/events", { involvedObject: { uid: "u" }, source: { component: "kubelet" } })).toMatchObject({
      "involvedObject.uid": "u",
      source: "kubelet",
    });
    expect(fieldsOf("/events", { reportingComponent: "x", reason: "R", type: "Normal" })).toMatchObject({
      source: "x",
      reason: "R",
      type: "Normal",
    });
    expect(fieldsOf("/nodes", { spec: {} })).toMatchObject({ "spec.unschedulable": "false" });
    expect(fieldsOf("apps/replicasets", { status: { replicas: 2 } })).toMatchObject({ "status.replicas": "2" });
    expect(fieldsOf("batch/jobs", {})).toMatchObject({ "status.successful": "0" });
    expect(fieldsOf("/secrets", { type: "Opaque" })).toMatchObject({ type: "Opaque" });
    expect(fieldsOf("/namespaces", { status: { phase: "Active" } })).toMatchObject({ "status.phase": "Active" });
  });
});
