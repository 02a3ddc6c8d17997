/** What no story tells of takes no memory for ever. */
import { expect, test } from "vitest";
import type { ObjectRecord } from "../record/index.ts";
import { Subjects } from "./subjects.ts";

const record = (uid: string): ObjectRecord => ({
  type: "object",
  seq: 1,
  at: "2026-01-01T00:00:00.000Z",
  epoch: 1,
  scope: "configmaps.v1/shop",
  change: "ADDED",
  observedBy: "watch",
  resource: "configmaps.v1",
  apiVersion: "v1",
  kind: "ConfigMap",
  namespace: "shop",
  name: uid,
  uid,
  resourceVersion: "1",
  raw: Buffer.from("{}"),
});

test("an object of no story is forgotten, one of a story stays", () => {
  const subjects = new Subjects();
  for (const uid of ["stray", "member"]) subjects.sight(subjects.ensure(uid), record(uid));
  subjects.attribute({ type: "attribution", seq: 2, at: "", uid: "member", stories: ["deployment-1"], relation: "owned" });
  subjects.forget("stray");
  subjects.forget("member");
  expect(subjects.find("stray")).toBeUndefined();
  expect(subjects.find("member")).toBeDefined();
});
