/** Watches that say what cannot be, late or twice, and states that a watch streams: what comes of them. */
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../base/index.ts";
import { type Answer, type Matches, ScriptedClient } from "../../../test/support/scripted-client.ts";
import { brief, RESOURCES } from "./watch-rig.cases.ts";
import type { KnownVersions } from "./watch-item.ts";
import { watchResource } from "./watcher.ts";

const isAudit: Matches = (_, __, request) => request.accept?.includes("PartialObjectMetadata") === true;
const isRead: Matches = (path, call, request) => call === "read" && !isAudit(path, call, request);
const isStream: Matches = (_, call, request) => call === "stream" && request.query?.["sendInitialEvents"] === undefined;
const isStreamedState: Matches = (_, call, request) => call === "stream" && request.query?.["sendInitialEvents"] === true;

function item(name: string, version: number): string {
  return `{"metadata":{"name":"${name}","namespace":"default","uid":"uid-${name}","resourceVersion":"${version}"}}`;
}

function list(version: number, ...items: readonly string[]): Answer {
  return { body: `{"kind":"ConfigMapList","metadata":{"resourceVersion":"${version}"},"items":[${items.join(",")}]}` };
}

function line(type: "ADDED" | "MODIFIED" | "DELETED", name: string, version: number): string {
  return `{"type":"${type}","object":${item(name, version)}}\n`;
}

function mark(version: number, value: string = "true"): string {
  const annotations = `{"k8s.io/initial-events-end":"${value}"}`;
  return `{"type":"BOOKMARK","object":{"kind":"ConfigMap","metadata":{"resourceVersion":"${version}","annotations":${annotations}}}}\n`;
}

const FORBIDDEN: Answer = { failure: { kind: "http", status: 403, reason: "Forbidden", message: "", causes: [] } };

/** What is told within `ms` of virtual time. */
async function told(client: ScriptedClient, ms: number = 2_000, known: KnownVersions = new Map()): Promise<readonly string[]> {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const target = { resource: RESOURCES.configmaps, namespace: "default", metadataOnly: false };
  const words: string[] = [];
  const done = (async () => {
    for await (const each of watchResource({ client, clock, target, known }, stop.signal)) words.push(brief(each));
  })();
  await clock.advance(ms);
  stop.abort(new Error("the test is over"));
  await done;
  return words;
}

/** A list of `a` at version 10, then what a watch says. */
function after(...sessions: readonly (readonly string[])[]): ScriptedClient {
  const client = new ScriptedClient().next(list(10, item("a", 10)), isRead);
  for (const [at, chunks] of sessions.entries())
    client.next({ chunks, ...(at === sessions.length - 1 ? { after: "hold" as const } : {}) }, isStream);
  return client;
}

describe("what cannot be", () => {
  test("an object that lives again behind its deletion is recorded, with an incident", async () => {
    const words = await told(after([line("DELETED", "a", 11), line("ADDED", "a", 12)]));
    expect(words.slice(3)).toEqual(["DELETED a@11 by watch", "incident change out of place", "ADDED a@12 by watch"]);
  });

  test("an object that is added while it is there has changed, with an incident", async () => {
    const words = await told(after([line("ADDED", "a", 11), line("MODIFIED", "a", 12)]));
    expect(words.slice(3)).toEqual(["incident change out of place", "ADDED a@11 by watch", "MODIFIED a@12 by watch"]);
  });
});

describe("versions out of order", () => {
  test("a hundred changes that a resumed watch repeats are told once", async () => {
    const changes = Array.from({ length: 100 }, (_, at) => line("MODIFIED", "a", 11 + at));
    const words = await told(after(changes, [...changes, line("MODIFIED", "a", 111)]));
    const objects = words.filter((word) => word.startsWith("MODIFIED"));
    expect(objects).toEqual(Array.from({ length: 101 }, (_, at) => `MODIFIED a@${11 + at} by watch`));
    expect(words.filter((word) => word.startsWith("incident"))).toEqual([]);
  });

  test("a version that was never told comes late, once, and with an incident", async () => {
    const late = line("MODIFIED", "a", 13);
    const words = await told(after([line("MODIFIED", "a", 15), late, late, line("MODIFIED", "a", 16)]));
    expect(words.slice(3)).toEqual([
      "MODIFIED a@15 by watch",
      "incident version out of order",
      "MODIFIED a@13 by watch, late",
      "MODIFIED a@16 by watch",
    ]);
  });
});

describe("a state that a watch streams", () => {
  const streaming = (chunks: readonly string[], then: "hold" | "end"): ScriptedClient =>
    new ScriptedClient()
      .next(FORBIDDEN, isRead)
      .next({ chunks, after: then }, isStreamedState)
      .always(FORBIDDEN, () => true);
  const objects = [line("ADDED", "a", 3), line("ADDED", "b", 4)];

  test("counts at its end: what changed or went before is as it was then", async () => {
    const words = await told(streaming([...objects, line("MODIFIED", "b", 5), line("DELETED", "a", 6), mark(7)], "hold"));
    expect(words.slice(0, 2)).toEqual(["LISTED b@5 by list", "listed@7 1/1"]);
  });

  test("does not end with a mark that says no, and goes on at the one that says yes", async () => {
    const words = await told(streaming([...objects, mark(5, "false"), line("ADDED", "c", 6), mark(7)], "hold"));
    expect(words).toContain("listed@7 3/3");
  });

  test.each(["end", "hold"] as const)("without its mark (%s) is no list: nothing is told, nothing vanishes", async (then) => {
    const known: KnownVersions = new Map([["uid-x", { resourceVersion: "1", name: "x", namespace: "default" }]]);
    const words = await told(streaming(objects, then), 90_000, known);
    expect(new Set(words.map((word) => word.split(" ")[0]))).toEqual(new Set(["degraded"]));
    expect([...known.keys()]).toEqual(["uid-x"]);
  });
});
