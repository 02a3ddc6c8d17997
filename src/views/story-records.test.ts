import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { FaroRecord } from "../record/index.ts";
import { event, logEvent, storyText } from "./story-file.cases.ts";
import { readStory } from "./story-reader.ts";
import { storyRecords } from "./story-records.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "faro-records-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function recordsOf(text: string): Promise<readonly FaroRecord[]> {
  const file = join(directory, "story.json");
  writeFileSync(file, text);
  const records: FaroRecord[] = [];
  for await (const { record } of storyRecords(await readStory(file))) records.push(record);
  return records;
}

it("an object keeps its bytes, and versions stand in the order of their arrival", async () => {
  const events = [event(4, { action: "delete", synthetic: true }), event(3)];
  const text = storyText(events).replaceAll('"data":{', '"data":{"big":9007199254740993,');
  const versions = (await recordsOf(text)).filter((record) => record.type === "object");
  expect(versions.map(({ seq, change, synthetic }) => ({ seq, change, synthetic }))).toEqual([
    { seq: 3, change: "MODIFIED", synthetic: undefined },
    { seq: 4, change: "DELETED", synthetic: true },
  ]);
  expect(versions[0]).toMatchObject({ resource: "pods.v1", apiVersion: "v1", kind: "Pod", namespace: "shop", name: "web" });
  expect(versions[0]?.raw.toString()).toBe('{"big":9007199254740993,"metadata":{"name":"web"}}');
});

it("a line that is not UTF-8 keeps its bytes, and one without a time is a line", async () => {
  const broken = logEvent(2, "\ufffd");
  const bytes = Buffer.from([0xff, 0x41]).toString("base64");
  const data = Object.assign({}, broken["data"], { timestamp: "2026-03-01T10:00:02.5Z", message_base64: bytes });
  const lines = (await recordsOf(storyText([logEvent(1, "plain"), { ...broken, data }]))).filter(
    (record) => record.type === "log",
  );
  expect(lines).toMatchObject([
    { stream: "c1", encoding: "utf8", text: "plain" },
    { stream: "c1", encoding: "latin1", text: "2026-03-01T10:00:02.5Z \u00ffA" },
  ]);
});

it.each([
  ["networking.k8s.io/v1/NetworkPolicy", [], "networkpolicies.v1.networking.k8s.io/shop/x"],
  ["networking.k8s.io/v1/Ingress", [], "ingresses.v1.networking.k8s.io/shop/x"],
  [
    "gateway.networking.k8s.io/v1/Gateway",
    ["gateways.v1.gateway.networking.k8s.io/shop"],
    "gateways.v1.gateway.networking.k8s.io/shop/x",
  ],
  ["v1/Service", ["serviceaccounts.v1/shop", "services.v1/shop"], "services.v1/shop/x"],
  ["v1/Endpoints", [], "endpoints.v1/shop/x"],
  ["v1/Event", [], "events.v1/shop"],
])("%s is known by the name that its API has for it", async (type, scopes, known) => {
  const covered = JSON.stringify(scopes.map((scope) => ({ scope, state: "synced", covered: [], relists: 0 })));
  const text = storyText([event(1)])
    .replace('"scopes":[]', `"scopes":${covered}`)
    .replace(
      '"resource_type":"v1/ConfigMap","namespace":"shop","name":"web"',
      `"resource_type":"${type}","namespace":"shop","name":"x"`,
    );
  const told = (await recordsOf(text)).filter((record) => record.type === "scope");
  expect(told.map(({ scope }) => scope)).toEqual(["pods.v1/shop/web", known]);
});
