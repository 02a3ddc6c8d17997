import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { ClusterHistory, type StoredVersion } from "./history.ts";
import { textAt, valueAt } from "./json-value.ts";
import type { KubeObject } from "./kube-object.ts";
import { configMap, configMapRef } from "./test-server.cases.ts";

const STORAGE = "/configmaps";

function newHistory(): ClusterHistory {
  return new ClusterHistory({ clock: new VirtualClock() });
}

function deployment(replicas: number, extra: object = {}): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default", ...extra },
    spec: { replicas },
  };
}

const DEPLOYMENT = { apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "web" };

function names(history: ClusterHistory, revision?: number): string {
  const snapshot = history.read(STORAGE, revision);
  return snapshot.kind === "state"
    ? snapshot.versions.map((version) => `${version.name}@${version.revision}`).join(" ")
    : snapshot.kind;
}

describe("creating", () => {
  test("adds what an API server adds and leaves the rest of the text alone", () => {
    const text =
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"labels":{"z":"1","a":"2"},"name":"big"},"data":{},"n":9007199254740993,"f":1.0}';
    const version = newHistory().create(text);
    expect(version.text).toMatch(
      /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"labels":\{"z":"1","a":"2"\},"name":"big",/,
    );
    expect(version.text).toContain('"data":{},"n":9007199254740993,"f":1.0}');
    const object: unknown = JSON.parse(version.text);
    expect(valueAt(object, "metadata")).toMatchObject({
      namespace: "default",
      resourceVersion: "2",
      creationTimestamp: "2026-01-01T00:00:00Z",
    });
    expect(version.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("refuses a second object of the same name, an unknown kind, and what is no object", () => {
    const history = newHistory();
    history.create(configMap("a"));
    expect(() => history.create(configMap("a"))).toThrow('configmaps "default/a" already exists');
    expect(() => history.create({ ...configMap("a"), kind: "Nothing" })).toThrow("no kind Nothing in v1");
    expect(() => history.create('{"kind":"ConfigMap"}')).toThrow("not a Kubernetes object");
  });

  test("counts revisions over all kinds", () => {
    const history = newHistory();
    expect([
      history.create(configMap("a")).revision,
      history.create(deployment(1)).revision,
      history.create(configMap("b")).revision,
    ]).toEqual([2, 3, 4]);
  });
});

describe("updating", () => {
  test("keeps uid and creation time and raises the revision", () => {
    const history = newHistory();
    const created = history.create(configMap("a", "1"));
    const updated = history.update(configMap("a", "2"));
    expect(updated).toMatchObject({ change: "MODIFIED", revision: 3, uid: created.uid, labels: { value: "2" } });
    expect(textAt(JSON.parse(updated.text), "metadata", "creationTimestamp")).toBe("2026-01-01T00:00:00Z");
  });

  test("makes no version when nothing changes", () => {
    const history = newHistory();
    const created = history.create(configMap("a"));
    expect(history.modify(configMapRef("a"), (object) => object)).toBe(created);
    expect(history.revision).toBe(2);
  });

  test("raises the generation with the spec and only with it", () => {
    const history = newHistory();
    history.create(deployment(1));
    const generation = (version: StoredVersion): unknown => valueAt(JSON.parse(version.text), "metadata", "generation");
    expect(generation(history.update(deployment(2)))).toBe(2);
    expect(generation(history.modify(DEPLOYMENT, (object) => ({ ...object, status: { replicas: 2 } })))).toBe(2);
  });

  test("refuses an object that does not exist", () => {
    expect(() => newHistory().update(configMap("a"))).toThrow('configmaps "default/a" not found');
  });
});

describe("removing", () => {
  test("stores the last state with the revision of the deletion", () => {
    const history = newHistory();
    history.create(configMap("a", "last"));
    const [removed] = history.remove(configMapRef("a"));
    expect(removed).toMatchObject({ change: "DELETED", revision: 3 });
    expect(JSON.parse(removed?.text ?? "")).toMatchObject({ data: { value: "last" }, metadata: { resourceVersion: "3" } });
    expect(history.get(STORAGE, "default/a")).toBeUndefined();
  });

  test("gives objects that go together one revision, as an expired lease does", () => {
    const history = newHistory();
    history.create(configMap("a"));
    history.create(configMap("b"));
    expect(history.remove(configMapRef("a"), configMapRef("b")).map((version) => version.revision)).toEqual([4, 4]);
    expect(history.since(STORAGE, 3).map((version) => version.name)).toEqual(["a", "b"]);
  });

  test("a new object of the same name is another object", () => {
    const history = newHistory();
    const first = history.create(configMap("a"));
    history.remove(configMapRef("a"));
    const second = history.create(configMap("a"));
    expect(second.uid).not.toBe(first.uid);
    expect(second.change).toBe("ADDED");
  });

  test("a deletion with grace marks the object with a time in the future", () => {
    const history = newHistory();
    history.create(deployment(1));
    const marked = history.requestDeletion(DEPLOYMENT, 30);
    expect(JSON.parse(marked.text)).toMatchObject({
      metadata: { deletionTimestamp: "2026-01-01T00:00:30Z", deletionGracePeriodSeconds: 30, generation: 2 },
    });
    expect(marked.change).toBe("MODIFIED");
    const updated = history.update(deployment(3));
    expect(textAt(JSON.parse(updated.text), "metadata", "deletionTimestamp")).toBe("2026-01-01T00:00:30Z");
  });

  test("without grace and finalizers a deletion is at once", () => {
    const history = newHistory();
    history.create(deployment(1));
    expect(history.requestDeletion(DEPLOYMENT).change).toBe("DELETED");
  });

  test("finalizers hold an object until the last one is taken away", () => {
    const history = newHistory();
    history.create(deployment(1, { finalizers: ["a.example/x", "a.example/y"] }));
    expect(history.requestDeletion(DEPLOYMENT).change).toBe("MODIFIED");
    expect(history.update(deployment(1, { finalizers: ["a.example/y"] })).change).toBe("MODIFIED");
    expect(history.update(deployment(1, { finalizers: [] })).change).toBe("DELETED");
  });
});

describe("reading the past", () => {
  test("gives the state at every revision, in the order of keys", () => {
    const history = newHistory();
    history.create(configMap("b"));
    history.create(configMap("a"));
    history.update(configMap("b", "2"));
    history.remove(configMapRef("a"));
    expect([1, 2, 3, 4, 5].map((revision) => names(history, revision))).toEqual(["", "b@2", "a@3 b@2", "a@3 b@4", "b@4"]);
    expect(names(history, 6)).toBe("future");
  });

  test("compaction forgets replaced versions and keeps what still counts", () => {
    const history = newHistory();
    history.create(configMap("a"));
    history.create(configMap("gone"));
    history.update(configMap("a", "2"));
    history.remove(configMapRef("gone"));
    history.update(configMap("a", "3"));
    history.compact(5);
    expect(history.compactedRevision).toBe(5);
    expect([4, 5, 6].map((revision) => names(history, revision))).toEqual(["expired", "a@4", "a@6"]);
    expect(history.versionsOf(STORAGE, "default/a").map((version) => version.revision)).toEqual([4, 6]);
    history.compact(6);
    expect(history.versionsOf(STORAGE, "default/gone")).toEqual([]);
  });

  test("revisions may jump", () => {
    const history = newHistory();
    history.skipTo(1_000_000);
    expect(history.create(configMap("a")).revision).toBe(1_000_001);
    history.skipTo(5);
    expect(history.revision).toBe(1_000_001);
  });

  test("the changes since a revision lead from its state to the present one", () => {
    const step = fc.record({ name: fc.constantFrom("a", "b", "c"), deed: fc.constantFrom("put", "remove"), value: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(30), (steps, from) => {
        const history = newHistory();
        for (const { name, deed, value } of steps) {
          const exists = history.get(STORAGE, `default/${name}`) !== undefined;
          if (deed === "remove" && exists) history.remove(configMapRef(name));
          else if (deed === "put" && exists) history.update(configMap(name, String(value)));
          else if (deed === "put") history.create(configMap(name, String(value)));
        }
        const start = Math.min(1 + from, history.revision);
        const snapshot = history.read(STORAGE, start);
        const state = new Map(snapshot.kind === "state" ? snapshot.versions.map((version) => [version.key, version]) : []);
        for (const version of history.since(STORAGE, start)) {
          if (version.change === "DELETED") state.delete(version.key);
          else state.set(version.key, version);
        }
        expect(
          [...state.values()]
            .map((version) => `${version.name}@${version.revision}`)
            .sort()
            .join(" "),
        ).toBe(names(history));
      }),
    );
  });
});

describe("subscribers", () => {
  test("hear of versions in order, also when one of them writes", () => {
    const history = newHistory();
    const heard: number[] = [];
    history.subscribe((version) => {
      if (version.change === "ADDED") history.update(configMap(version.name, "changed by a listener"));
    });
    const stop = history.subscribe((version) => heard.push(version.revision));
    history.create(configMap("a"));
    history.create(configMap("b"));
    stop();
    history.create(configMap("c"));
    expect(heard).toEqual([2, 3, 4, 5]);
  });
});
