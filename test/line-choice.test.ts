/** `--include` and `--exclude` choose the log lines that stories tell; `--drop` those that are recorded, too, and the story counts the rest. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LogFile } from "../src/apiserver/index.ts";
import { systemClock } from "../src/base/index.ts";
import { type LogSelection, rebuildStories } from "../src/capture/index.ts";
import type { StoryDocument } from "../src/story/index.ts";
import { type Embedded, embeddedCluster, storiesIn } from "./support/embedded.ts";
import { recordsIn } from "./support/recorded.ts";

let cluster: Embedded;
let file: LogFile;

beforeEach(async () => {
  cluster = await embeddedCluster();
  const containerId = "containerd://app";
  const running = { startedAt: new Date().toISOString() };
  const { uid } = cluster.history.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default" },
    spec: { nodeName: "node-1", containers: [{ name: "app", image: "app" }] },
    status: {
      phase: "Running",
      containerStatuses: [{ name: "app", restartCount: 0, containerID: containerId, state: { running } }],
    },
  });
  file = cluster.logs.start({ podUid: uid, container: "app", restartCount: 0, containerId });
});
afterEach(() => cluster.close());

/** Records until so many lines, and what else is `left`, were recorded. */
async function record(output: string, logs: LogSelection, lines: number): Promise<StoryDocument> {
  const capture = await cluster.capture({ output, kinds: ["v1/Pod"], related: "none", logs });
  await expect.poll(async () => (await recordedLines(output)).length, { interval: 30 }).toBe(lines);
  capture.stop("enough");
  await capture.done;
  const story = storiesIn(output).get("web");
  if (story === undefined) throw new Error("no story");
  return story;
}

async function recordedLines(output: string): Promise<string[]> {
  const records = await recordsIn(output).catch(() => []);
  return records.flatMap((each) => (each.type === "log" ? each.text.split("\n").map((line) => line.replace(/^\S+ /, "")) : []));
}

function write(...lines: readonly string[]): void {
  for (const line of lines) file.append(line, systemClock.now());
}

const told = (story: StoryDocument): readonly string[] =>
  story.events.flatMap((event) => (event.event_type === "CONTAINER_LOG" ? [event.data.message] : []));
const ALL = ["GET /healthz", "error: no room", "GET /orders", "warn: error in GET /healthz", "bye"];
const TIMES = /^\S+ /;

describe("lines that are not chosen", () => {
  test.each<[string, { readonly include: string[]; readonly exclude: string[] }, readonly string[]]>([
    ["one pattern", { include: ["error"], exclude: [] }, ["error: no room", "warn: error in GET /healthz"]],
    ["any of several", { include: ["^error", "orders$"], exclude: [] }, ["error: no room", "GET /orders"]],
    ["none of several", { include: [], exclude: ["healthz", "bye"] }, ["error: no room", "GET /orders"]],
    ["both", { include: ["error"], exclude: ["healthz"] }, ["error: no room"]],
    ["nothing at all", { include: ["no such thing"], exclude: [] }, []],
  ])("are recorded and not told, and counted: %s", async (_what, lines, expected) => {
    const output = cluster.directory();
    write(...ALL);
    const story = await record(output, { lines }, 5);
    expect(told(story)).toEqual(expected);
    expect(story.metadata.event_count).toBe(story.events.length);
    expect(story.metadata.end_time >= (story.events.at(-1)?.timestamp ?? "")).toBe(true);
    expect(story.coverage).toMatchObject({ verdict: "complete", logs: [{ lines: 5, lines_untold: 5 - expected.length }] });
    expect(await recordedLines(output)).toEqual(ALL);
  });

  test("stay untold when the story is made again from the recording, byte for byte", async () => {
    const output = cluster.directory();
    const into = cluster.directory();
    write(...ALL);
    await record(output, { lines: { include: ["error"], exclude: [] } }, 5);
    const [written] = await rebuildStories({ output, into });
    const original = readFileSync(`${output}/${written?.file.split("/").at(-1) ?? ""}`, "utf8");
    expect(readFileSync(written?.file ?? "", "utf8")).toBe(original);
  });

  test("are told of what another run recorded without a choice", async () => {
    const output = cluster.directory();
    write(...ALL);
    await record(output, { lines: { include: ["error"], exclude: [] } }, 5);
    write(...ALL);
    const story = await record(output, {}, 10);
    expect(told(story)).toEqual(["error: no room", "warn: error in GET /healthz", ...ALL]);
  });
});

describe("lines that are dropped", () => {
  const DROP = { lines: { include: [], exclude: ["GET"] }, drop: true };
  const KEPT = ["error: no room", "bye"];

  test("are not recorded, and the story says how many they were", async () => {
    const output = cluster.directory();
    write(...ALL, "GET /last");
    const story = await record(output, DROP, 2);
    expect(await recordedLines(output)).toEqual(KEPT);
    expect(told(story)).toEqual(KEPT);
    expect(story.coverage).toMatchObject({ verdict: "complete", logs: [{ lines: 2, lines_dropped: 4 }] });
  });

  test("make no gap and repeat nothing when the recording is gone on with", async () => {
    const output = cluster.directory();
    write(...ALL);
    await record(output, DROP, 2);
    write(...ALL);
    const story = await record(output, DROP, 4);
    expect(told(story)).toEqual([...KEPT, ...KEPT]);
    expect(story.coverage.gaps.filter(({ scope }) => scope.startsWith("log:"))).toEqual([]);
    expect(story.coverage.logs).toMatchObject([{ lines: 4, lines_dropped: 6 }]);
  });

  test("leave no part of a private key whose first line was dropped", async () => {
    const output = cluster.directory();
    const body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ";
    write("-----BEGIN PRIVATE KEY-----", body, "-----END PRIVATE KEY-----", "end");
    await record(output, { lines: { include: [], exclude: ["BEGIN"] }, drop: true }, 3);
    const lines = (await recordedLines(output)).map((line) => line.replace(TIMES, ""));
    expect(lines.join("\n")).not.toContain(body);
  });
});
