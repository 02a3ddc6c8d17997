import { describe, expect, test } from "vitest";
import { describeChanges } from "./describe.ts";

const paths = (before: unknown, after: unknown): readonly unknown[] =>
  (describeChanges(before, after, false).changes ?? []).map(({ path, before: was, after: is }) => [path, was, is]);

describe("changes", () => {
  test.each([
    ["a field", { spec: { replicas: 1 } }, { spec: { replicas: 3 } }, [["spec.replicas", 1, 3]]],
    ["a field that was added", { spec: {} }, { spec: { paused: true } }, [["spec.paused", undefined, true]]],
    ["a field that was removed", { spec: { paused: true } }, { spec: {} }, [["spec.paused", true, undefined]]],
    [
      "a label with a slash in its name",
      { metadata: { labels: { "a.b/c": "1" } } },
      { metadata: { labels: { "a.b/c": "2" } } },
      [["metadata.labels[a.b/c]", "1", "2"]],
    ],
    [
      "a container by its name, wherever it stands",
      {
        spec: {
          containers: [
            { name: "a", image: "1" },
            { name: "b", image: "1" },
          ],
        },
      },
      {
        spec: {
          containers: [
            { name: "b", image: "2" },
            { name: "a", image: "1" },
          ],
        },
      },
      [["spec.containers[name=b].image", "1", "2"]],
    ],
    [
      "a port by number and protocol",
      {
        ports: [
          { containerPort: 53, protocol: "UDP" },
          { containerPort: 53, protocol: "TCP", name: "x" },
        ],
      },
      {
        ports: [
          { containerPort: 53, protocol: "UDP" },
          { containerPort: 53, protocol: "TCP", name: "y" },
        ],
      },
      [["ports[containerPort=53,protocol=TCP].name", "x", "y"]],
    ],
    [
      "a mount by its path, for two mounts may share a volume",
      {
        mounts: [
          { name: "v", mountPath: "/a" },
          { name: "v", mountPath: "/b" },
        ],
      },
      {
        mounts: [
          { name: "v", mountPath: "/a" },
          { name: "v", mountPath: "/b", readOnly: true },
        ],
      },
      [["mounts[mountPath=/b].readOnly", undefined, true]],
    ],
    [
      "a condition by its type, an owner by its uid, an address by its ip, a spread by its key",
      {
        conditions: [{ type: "Ready", status: "False" }],
        owners: [{ uid: "u", controller: false }],
        ips: [{ ip: "10.0.0.1", ready: false }],
        spread: [{ topologyKey: "zone", maxSkew: 1 }],
        devices: [{ devicePath: "/dev/a", x: 1 }],
        tolerations: [{ key: "k", effect: "NoSchedule" }],
      },
      {
        conditions: [{ type: "Ready", status: "True" }],
        owners: [{ uid: "u", controller: true }],
        ips: [{ ip: "10.0.0.1", ready: true }],
        spread: [{ topologyKey: "zone", maxSkew: 2 }],
        devices: [{ devicePath: "/dev/a", x: 2 }],
        tolerations: [{ key: "k", effect: "NoExecute" }],
      },
      [
        ["conditions[type=Ready].status", "False", "True"],
        ["owners[uid=u].controller", false, true],
        ["ips[ip=10.0.0.1].ready", false, true],
        ["spread[topologyKey=zone].maxSkew", 1, 2],
        ["devices[devicePath=/dev/a].x", 1, 2],
        ["tolerations[key=k].effect", "NoSchedule", "NoExecute"],
      ],
    ],
    ["a list of plain values as a whole", { args: ["a"] }, { args: ["a", "b"] }, [["args", ["a"], ["a", "b"]]]],
    [
      "nothing of what changes with every write",
      {
        metadata: {
          resourceVersion: "1",
          managedFields: [1],
          annotations: { "kubectl.kubernetes.io/last-applied-configuration": "a" },
        },
      },
      {
        metadata: {
          resourceVersion: "2",
          managedFields: [2],
          annotations: { "kubectl.kubernetes.io/last-applied-configuration": "b" },
        },
      },
      [],
    ],
    [
      "what was asked for before what was observed",
      { status: { a: 1 }, spec: { b: 1 } },
      { status: { a: 2 }, spec: { b: 2 } },
      [
        ["spec.b", 1, 2],
        ["status.a", 1, 2],
      ],
    ],
  ])("%s", (_what, before, after, expected) => {
    expect(paths(before, after)).toEqual(expected);
  });

  test("are bounded in number and in length, and say so", () => {
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`k${at}`, "x".repeat(2_000)]));
    const { changes, changes_omitted } = describeChanges({ data: {} }, { data: many }, false);
    expect([changes?.length, changes_omitted]).toEqual([100, 150]);
    expect(changes?.[0]).toMatchObject({ truncated: true });
    expect(JSON.stringify(changes).length).toBeLessThan(70_000);
  });

  test("of a redacted value show marks alone", () => {
    expect(paths({ data: { password: "[REDACTED:a]" } }, { data: { password: "[REDACTED:b]" } })).toEqual([
      ["data.password", "[REDACTED:a]", "[REDACTED:b]"],
    ]);
  });
});

describe("who changed it", () => {
  const entry = (manager: string, fieldsV1: object, rest: object = {}): object => ({
    manager,
    operation: "Update",
    time: "2026-01-01T00:00:00Z",
    fieldsV1,
    ...rest,
  });
  const replicas = { "f:spec": { "f:replicas": {} } };
  const image = { "f:spec": { "f:containers": { 'k:{"name":"app"}': { "f:image": {} } } } };
  const version = (spec: object, ...managedFields: readonly object[]): object => ({ metadata: { managedFields }, spec });
  const who = (before: object, after: object): readonly string[] =>
    (describeChanges(before, after, false).changed_by ?? []).map(({ manager, subresource }) =>
      [manager, subresource].filter(Boolean).join(" "),
    );

  test("is the owner of the changed field, not the one who wrote last something else", () => {
    const before = version({ replicas: 1 }, entry("kubectl", replicas));
    const after = version(
      { replicas: 3 },
      entry("kubectl", {}),
      entry("hpa", replicas, { subresource: "scale", time: "2026-01-01T00:00:05Z" }),
    );
    expect(who(before, after)).toEqual(["hpa scale"]);
  });

  test("is found by the key of a list's element", () => {
    const before = version(
      { containers: [{ name: "app", image: "1" }] },
      entry("helm", image),
      entry("kubelet", { "f:status": {} }),
    );
    const after = version(
      { containers: [{ name: "app", image: "2" }] },
      entry("helm", {}),
      entry("kubelet", { "f:status": {} }),
      entry("ci", image, { operation: "Apply", time: "2026-01-01T00:00:09Z" }),
    );
    expect(who(before, after)).toEqual(["ci"]);
  });

  test("of a removed field is who wrote its entry anew", () => {
    const before = version(
      { replicas: 1, paused: true },
      entry("kubectl", { "f:spec": { "f:replicas": {}, "f:paused": {} } }),
      entry("other", {}),
    );
    const after = version({ replicas: 1 }, entry("kubectl", replicas, { time: "2026-01-01T00:00:05Z" }), entry("other", {}));
    expect(who(before, after)).toEqual(["kubectl"]);
  });

  test("is not said where nothing proves it", () => {
    expect(who({ spec: { a: 1 } }, { spec: { a: 2 } })).toEqual([]);
    expect(who(version({ a: 1 }, entry("x", replicas)), version({ a: 2 }, entry("x", replicas)))).toEqual([]);
  });

  test("of a new object is its only manager", () => {
    expect(describeChanges(undefined, version({}, entry("kubectl", replicas)), true).changed_by).toEqual([
      { manager: "kubectl", operation: "Update", time: "2026-01-01T00:00:00Z" },
    ]);
    expect(describeChanges(undefined, version({}, entry("kubectl", replicas)), false)).toEqual({});
  });
});
