import { expect, test } from "vitest";
import type { ObjectRecord } from "../record/index.ts";
import { RecoveredScopes } from "./recovered-scopes.ts";

function version(seq: number): ObjectRecord {
  return {
    type: "object",
    seq,
    at: "2026-01-01T00:00:00.000Z",
    epoch: 1,
    scope: "pods.v1/*",
    change: "MODIFIED",
    observedBy: "watch",
    resource: "pods.v1",
    apiVersion: "v1",
    kind: "Pod",
    name: "web",
    namespace: "shop",
    uid: "u1",
    resourceVersion: String(seq),
    raw: Buffer.alloc(0),
  };
}

test("what a watch begins with stays as it was when the next version is recorded", () => {
  const scopes = new RecoveredScopes();
  scopes.accept(version(1));
  const begun = scopes.result().get("pods.v1/*")?.known;
  scopes.accept(version(2));
  expect(begun?.get("u1")).toEqual({ resourceVersion: "1", name: "web", namespace: "shop" });
  expect(scopes.result().get("pods.v1/*")?.known.get("u1")?.resourceVersion).toBe("2");
});
