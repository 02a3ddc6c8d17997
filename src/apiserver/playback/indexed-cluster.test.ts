/** A recording that is read by its indexes is the same cluster as one that is held in memory. */
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  checkSegments,
  openRecording,
  openRecordingIndex,
  openRecordingSource,
  type RecordingIndex,
} from "../../archive/index.ts";
import { mulberry32, systemClock, VirtualClock } from "../../base/index.ts";
import type { FaroRecord } from "../../record/index.ts";
import { ClusterHistory } from "../history.ts";
import { ResourceRegistry } from "../resources.ts";
import { indexedCluster } from "./indexed-cluster.ts";
import { startPlayback } from "./playback.ts";
import { type PlaybackStep, readRecordedCluster, type RecordedCluster } from "./recorded-cluster.ts";

const START = Date.UTC(2026, 2, 1, 10);
let directory: string;
let index: RecordingIndex | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "faro-index-"));
});
afterEach(() => {
  index?.close();
  rmSync(directory, { recursive: true });
});

/** Pods that come, change and go, some versions late, some deletions inferred; a log; a run whose revisions begin anew. */
function records(count: number, padding = 40): readonly FaroRecord[] {
  const random = mulberry32(7);
  const arrival = (seq: number) => ({ seq, at: new Date(START + seq * 100).toISOString() });
  const made: FaroRecord[] = [
    { ...arrival(1), type: "run", state: "started", faroVersion: "1", epoch: 1, serverVersion: "v1.36.3" },
    { ...arrival(2), type: "scope", scope: "pods.v1/shop", resource: "pods.v1", state: "opened" },
  ];
  for (let seq = 3, revision = 10; seq < count; seq++) {
    const name = `web-${Math.floor(random() * 12)}`;
    const kind = random();
    const epoch = seq >= Math.ceil(count * 0.8) ? 2 : 1;
    if (seq === Math.ceil(count * 0.8)) revision = 5;
    revision += 1 + Math.floor(random() * 3);
    const own = kind < 0.1 ? Math.max(1, revision - 15) : revision;
    const isDeleted = kind > 0.85;
    const isInferred = kind > 0.95;
    const raw = Buffer.from(
      `{"metadata":{"name":"${name}","namespace":"shop","uid":"u-${name}","resourceVersion":"${own}"},${specOf(padding)}}`,
    );
    made.push({
      ...arrival(seq),
      type: "object",
      epoch,
      scope: "pods.v1/shop",
      change: isDeleted ? "DELETED" : "MODIFIED",
      observedBy: "watch",
      ...(isInferred ? ({ synthetic: true } as const) : {}),
      resource: "pods.v1",
      apiVersion: "v1",
      kind: "Pod",
      namespace: "shop",
      name,
      uid: `u-${name}`,
      resourceVersion: String(own),
      raw,
    });
  }
  return made;
}

function specOf(padding: number): string {
  return `"spec":{"x":"${"y".repeat(padding)}"}`;
}

async function write(made: readonly FaroRecord[], segmentBytesMax: number): Promise<void> {
  const writer = await openRecording({ directory, clock: new VirtualClock(START), faroVersion: "1", segmentBytesMax });
  for (const record of made) writer.append(record);
  await writer.close();
}

async function both(): Promise<{ readonly held: RecordedCluster; readonly indexed: RecordedCluster }> {
  const source = await openRecordingSource(directory);
  const held = await readRecordedCluster(source.scan());
  await source.close();
  index = await openRecordingIndex(directory, 0);
  if (index === undefined) throw new Error("no index");
  return { held, indexed: indexedCluster(index) };
}

function play(history: ClusterHistory, steps: readonly PlaybackStep[], upTo: number): void {
  for (const step of steps)
    if (step.step === "object" && step.at <= upTo) history.replay(step.storage, step.text, step.isDeleted);
}

function pods(history: ClusterHistory): readonly string[] {
  const state = history.read("/pods");
  return state.kind === "state" ? state.versions.map(({ key, text }) => `${key} ${text}`) : [state.kind];
}

async function findings(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const _ of checkSegments(directory, ({ file = "", what }) => found.push(`${file}: ${what}`)));
  return found;
}

function empty({ definitions }: RecordedCluster): ClusterHistory {
  return new ClusterHistory({ clock: systemClock, resources: new ResourceRegistry(definitions) });
}

describe.each([1_000_000, 20_000, 8_000])("in segments of %i bytes", (segmentBytesMax) => {
  it("is at any moment what it is in memory, and stays so when it is played on", async () => {
    await write(records(600), segmentBytesMax);
    const { held, indexed } = await both();
    expect({ ...indexed, steps: [], windows: undefined }).toEqual({ ...held, steps: [], windows: undefined });
    for (let moment = START - 50; moment < START + 61_000; moment += 1_777) {
      const expected = empty(held);
      play(expected, held.steps, moment);
      const found = empty(held);
      let window = indexed.windows?.at(moment);
      found.seed(window?.state ?? [], window?.revision ?? 0);
      expect(pods(found), `+${moment - START} ms`).toEqual(pods(expected));
      const later = moment + 9_000;
      play(
        expected,
        held.steps.filter(({ at }) => at > moment),
        later,
      );
      for (; window !== undefined; window = window.until <= later ? window.next?.() : undefined)
        play(found, window.steps(), later);
      expect(pods(found), `+${moment - START} ms, nine seconds on`).toEqual(pods(expected));
    }
  });
});

describe("the index of a segment", () => {
  it("is written when the segment ends, tells what a scan would tell, and is not believed of another state of the segment", async () => {
    await write(records(600, 12_000), 5_000_000);
    expect(readdirSync(directory)).toEqual(["000001.index", "000001.ndjson", "000002.ndjson"]);
    expect(await findings()).toEqual([]);
    const written = (await both()).indexed.windows?.at(START + 30_000).state.map(({ key, revision }) => `${key} ${revision}`);
    index?.close();
    writeFileSync(join(directory, "000001.index"), "{}\n");
    const derived = (await both()).indexed.windows?.at(START + 30_000).state.map(({ key, revision }) => `${key} ${revision}`);
    index?.close();
    expect(derived).toEqual(written);
    expect(await findings()).toEqual(["000001.index: the segment's index tells something else than the segment: remove it"]);
    truncateSync(join(directory, "000001.index"), 1_000);
    expect((await both()).indexed.windows?.at(START + 30_000).state).toHaveLength(written?.length ?? 0);
  });
});

it("a log is read when it is asked for, up to the moment, and goes on as it is played", async () => {
  const at = (second: number): string => new Date(START + second * 1_000).toISOString();
  const state = '{"running":{"startedAt":"2026-03-01T10:00:01Z"}}';
  const status = `{"containerStatuses":[{"name":"app","containerID":"c1","restartCount":0,"state":${state}}]}`;
  const spec = '{"nodeName":"n","containers":[{"name":"app"}]}';
  const metadata = '{"name":"web","namespace":"shop","uid":"u","resourceVersion":"10"}';
  const raw = `{"metadata":${metadata},"spec":${spec},"status":${status}}`;
  const object = {
    type: "object",
    epoch: 1,
    scope: "pods.v1/shop",
    change: "ADDED",
    observedBy: "watch",
    resource: "pods.v1",
  } as const;
  const named = { apiVersion: "v1", kind: "Pod", namespace: "shop", name: "web", uid: "u", resourceVersion: "10" };
  const instance = {
    podUid: "u",
    namespace: "shop",
    pod: "web",
    container: "app",
    containerKind: "app",
    containerId: "c1",
  } as const;
  await write(
    [
      { seq: 1, at: at(1), ...object, ...named, raw: Buffer.from(raw) },
      { seq: 2, at: at(1), type: "log-stream", stream: "s", instance: { ...instance, restartCount: 0 } },
      { seq: 3, at: at(2), type: "log", stream: "s", count: 2, encoding: "utf8", text: `${at(1)} one\n${at(2)} two` },
      { seq: 5, at: at(4), type: "log", stream: "s", count: 1, encoding: "utf8", text: `${at(4)} three` },
      { seq: 6, at: at(9), type: "log-end", stream: "s", outcome: "complete", reason: "container ended", lines: 3 },
    ],
    200,
  );
  const { indexed } = await both();
  const playback = await startPlayback({ cluster: indexed, clock: systemClock, at: START + 1_500, speed: 0, port: 0 });
  const log = async (): Promise<string> => (await fetch(`${playback.url}/api/v1/namespaces/shop/pods/web/log`)).text();
  expect(await log()).toBe("one\n");
  playback.seek(START + 3_000);
  expect(await log()).toBe("one\ntwo\n");
  const following = fetch(`${playback.url}/api/v1/namespaces/shop/pods/web/log?follow=true`);
  playback.seek(START + 1_900);
  expect(await log()).toBe("one\n");
  playback.setSpeed(50);
  expect(await (await following).text()).toMatch(/^one\ntwo\n/);
  const whole = await fetch(`${playback.url}/api/v1/namespaces/shop/pods/web/log?follow=true`);
  expect(await whole.text()).toBe("one\ntwo\nthree\n");
  await playback.close();
});

it("a page of a list reads the lines of its own objects and no others", async () => {
  await write(records(600), 20_000);
  index = await openRecordingIndex(directory, 0);
  if (index === undefined) throw new Error("no index");
  let reads = 0;
  const segments = index.segments.map((segment) => ({
    head: segment.head,
    last: () => segment.last(),
    versions: () => segment.versions(),
    logs: () => segment.logs(),
    read: (offset: number) => {
      reads++;
      return segment.read(offset);
    },
  }));
  const cluster = indexedCluster({ segments, close: () => undefined });
  const playback = await startPlayback({ cluster, clock: systemClock, at: START + 30_000, speed: 0, port: 0 });
  try {
    const page = await fetch(`${playback.url}/api/v1/namespaces/shop/pods?limit=3`);
    expect(await page.json()).toMatchObject({ items: [{}, {}, {}] });
    expect(reads).toBe(3);
  } finally {
    await playback.close();
  }
});
