import { describe, expect, test } from "vitest";
import { normaliseObject, type ObjectInput, UnidentifiedObject } from "./object.ts";

const POD = { name: "pods.v1", apiVersion: "v1", kind: "Pod" };

function input(text: string, rest: Partial<ObjectInput> = {}): ObjectInput {
  return {
    stamp: { seq: 7, receivedAt: Date.parse("2026-01-05T10:00:00.123Z") },
    epoch: 1,
    scope: "pods.v1/*",
    change: "ADDED",
    observedBy: "watch",
    resource: POD,
    raw: Buffer.from(text),
    parsed: JSON.parse(text),
    redactionKey: Buffer.alloc(16, 1),
    ...rest,
  };
}

const metadata = '"metadata":{"name":"web","namespace":"prod","uid":"u1","resourceVersion":"42"}';

describe("normaliseObject", () => {
  test("lifts out the identity and keeps every byte", () => {
    const spec = String.raw`{"z":9007199254740993,"a":1.0,"e":1e400,"a":"\u0000 \u0026é","z":-0}`;
    const text = `{"kind":"Pod", "apiVersion":"v1",${metadata}, "spec":${spec}}`;
    const record = normaliseObject(input(text));
    expect(record.raw.toString()).toBe(text);
    expect({ ...record, raw: undefined }).toEqual({
      type: "object",
      seq: 7,
      at: "2026-01-05T10:00:00.123Z",
      epoch: 1,
      scope: "pods.v1/*",
      change: "ADDED",
      observedBy: "watch",
      resource: "pods.v1",
      apiVersion: "v1",
      kind: "Pod",
      namespace: "prod",
      name: "web",
      uid: "u1",
      resourceVersion: "42",
      raw: undefined,
    });
  });

  test.each([
    ["both", `{${metadata}}`, `{"kind":"Pod","apiVersion":"v1",${metadata}}`],
    ["the kind", `{ "apiVersion":"v1",${metadata}}`, `{"kind":"Pod", "apiVersion":"v1",${metadata}}`],
    ["the version", `{"kind":"Pod",${metadata}}`, `{"apiVersion":"v1","kind":"Pod",${metadata}}`],
  ])("adds %s that the item of a list lacks, and says so", (_what, text, expected) => {
    const record = normaliseObject(input(text));
    expect(record.raw.toString()).toBe(expected);
    expect(record.typeMetaAdded).toBe(true);
  });

  test("reads labels, owners and a requested deletion", () => {
    const owners =
      '[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-1","uid":"r1","controller":true},{"uid":"x"},{"name":"no uid"},null]';
    const rich = `"name":"web","uid":"u1","resourceVersion":"42","labels":{"app":"web","odd":1},"deletionTimestamp":"2026-01-05T10:00:30Z"`;
    const text = `{"kind":"Pod","apiVersion":"v1","metadata":{${rich},"ownerReferences":${owners}}}`;
    const record = normaliseObject(input(text, { change: "MODIFIED" }));
    expect(record).toMatchObject({ labels: { app: "web" }, deleting: true });
    expect(record.namespace).toBeUndefined();
    expect(record.owners).toEqual([
      { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-1", uid: "r1", controller: true },
      { apiVersion: "", kind: "", name: "", uid: "x" },
    ]);
    expect(normaliseObject(input(text, { change: "DELETED" })).deleting).toBeUndefined();
  });

  test("marks a deletion that no server sent", () => {
    const record = normaliseObject(
      input(`{"kind":"Pod","apiVersion":"v1",${metadata}}`, { synthetic: true, finalStateUnknown: true }),
    );
    expect(record).toMatchObject({ synthetic: true, finalStateUnknown: true });
  });

  test.each([
    ["{}", "an object of pods.v1 has no metadata.uid, no metadata.name, no metadata.resourceVersion"],
    ['{"metadata":{"uid":"u","name":"n","resourceVersion":""}}', "an object of pods.v1 has no metadata.resourceVersion"],
    ["null", "an object of pods.v1 has no metadata.uid, no metadata.name, no metadata.resourceVersion"],
  ])("refuses %s, which nothing identifies", (text, message) => {
    expect(() => normaliseObject(input(text))).toThrow(
      new UnidentifiedObject("pods.v1", message.match(/(?<=metadata\.)\w+/g) ?? []),
    );
    expect(() => normaliseObject(input(text))).toThrow(message);
  });

  test("reads an Event of either API, and no custom resource that is called Event", () => {
    const event = `{"apiVersion":"v1","kind":"Event",${metadata},"reason":"Pulled","involvedObject":{"uid":"p1"}}`;
    const core = { name: "events.v1", apiVersion: "v1", kind: "Event" };
    expect(normaliseObject(input(event, { resource: core })).kubeEvent).toMatchObject({
      reason: "Pulled",
      involved: { uid: "p1" },
    });
    const foreign = { name: "events.v1.example.com", apiVersion: "example.com/v1", kind: "Event" };
    expect(normaliseObject(input(event, { resource: foreign })).kubeEvent).toBeUndefined();
  });

  test("counts redactions, and takes the kind from what was asked for", () => {
    const annotated = `{"name":"s","uid":"u","resourceVersion":"1","annotations":{"a":"hunter2"}}`;
    const text = `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":${annotated}}`;
    const record = normaliseObject(input(text, { resource: { name: "secrets.v1", apiVersion: "v1", kind: "Secret" } }));
    expect(record).toMatchObject({ kind: "Secret", redactions: 1 });
    expect(record.raw.toString()).toMatch(/"annotations":\{"a":"\[REDACTED:annotation:7:[0-9a-f]{8}\]"\}/);
  });

  test("keeps only the identity when the bytes cannot be redacted", () => {
    const text = `{"kind":"Pod","apiVersion":"v1",${metadata},"spec":{"env":[{"name":"PASSWORD","value":"hunter2"}]}}`;
    const record = normaliseObject({ ...input(text), raw: Buffer.from(text.slice(0, -6)) });
    expect(record).toMatchObject({ redactionFailed: true, redactions: 1, uid: "u1" });
    expect(record.raw.toString()).not.toContain("hunter2");
  });
});
