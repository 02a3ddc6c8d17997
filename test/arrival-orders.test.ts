/** Whatever arrives first, the story is the same: what belongs to it, what it tells, and in which order. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { isoTime } from "../src/base/index.ts";
import { Correlator } from "../src/correlate/index.ts";
import type { FaroRecord, ObjectRecord, RecordingSource } from "../src/record/index.ts";
import { type StoryDocument, StoryIndex, writeStoryFile } from "../src/story/index.ts";

const START = Date.parse("2026-01-05T10:00:00.000Z");
const SELECTION = { resources: ["deployments.v1.apps"], names: [], namespaces: [], selector: "" };
const directory = mkdtempSync(join(tmpdir(), "faro-orders-"));
afterAll(() => rmSync(directory, { recursive: true }));

type Draft = Omit<ObjectRecord, "seq" | "at"> | readonly FaroRecord[];

function object(apiVersion: string, kind: string, name: string, more: Partial<ObjectRecord> = {}): Draft {
  const [group = ""] = apiVersion.includes("/") ? apiVersion.split("/") : [];
  const resource = `${kind.toLowerCase()}s.v1${group === "" ? "" : `.${group}`}`;
  const uid = `${kind.toLowerCase()}-uid`;
  return {
    type: "object",
    epoch: 1,
    scope: `${resource}/default`,
    change: "ADDED",
    observedBy: "watch",
    resource,
    apiVersion,
    kind,
    namespace: "default",
    name,
    uid,
    resourceVersion: "1",
    raw: Buffer.from(JSON.stringify({ apiVersion, kind, metadata: { name, namespace: "default", uid } })),
    ...more,
  };
}

const ownedBy = (kind: string, name: string): Pick<ObjectRecord, "owners"> => ({
  owners: [{ apiVersion: "apps/v1", kind, name, uid: `${kind.toLowerCase()}-uid`, controller: true }],
});
const instance = {
  podUid: "pod-uid",
  namespace: "default",
  pod: "web-1-a",
  container: "app",
  containerKind: "app",
  containerId: "containerd://1",
  restartCount: 0,
} as const;
const line = "2026-01-05T10:00:00.400000000Z hello";
const ARRIVING: readonly Draft[] = [
  object("apps/v1", "Deployment", "web"),
  object("apps/v1", "ReplicaSet", "web-1", ownedBy("Deployment", "web")),
  object("v1", "Pod", "web-1-a", ownedBy("ReplicaSet", "web-1")),
  object("v1", "Event", "web-1-a.1", {
    kubeEvent: {
      involved: { kind: "Pod", namespace: "default", name: "web-1-a", uid: "pod-uid" },
      reason: "Scheduled",
      component: "default-scheduler",
      time: "2026-01-05T10:00:00.000100Z",
      count: 1,
    },
  }),
  [
    { type: "log-stream", seq: 0, at: "", stream: "s1", instance },
    { type: "log", seq: 0, at: "", stream: "s1", count: 1, encoding: "utf8", text: line },
    { type: "log-end", seq: 0, at: "", stream: "s1", outcome: "complete", reason: "read to its end", lines: 1 },
  ],
];

/** Records them as the recorder does: each one, and behind it what the correlator says. A second lies between two arrivals. */
function recordingOf(order: readonly Draft[]): readonly FaroRecord[] {
  const correlator = new Correlator({ selection: SELECTION, correlationTimeoutMs: 0 });
  const recording: FaroRecord[] = [];
  for (const [index, draft] of order.entries()) {
    const at = isoTime(START + 1_000 * (index + 1));
    for (const part of Array.isArray(draft) ? draft : [draft]) {
      const record: FaroRecord = { ...part, seq: recording.length + 1, at };
      recording.push(record);
      for (const caused of correlator.accept(record).records) recording.push({ ...caused, seq: recording.length + 1, at });
    }
  }
  return recording;
}

async function storyOf(recording: readonly FaroRecord[]): Promise<StoryDocument> {
  const index = new StoryIndex();
  for (const [position, record] of recording.entries()) index.accept(record, position);
  const recordAt = (position: number): FaroRecord => {
    const record = recording[position];
    if (record === undefined) throw new Error(`no record at ${position}`);
    return record;
  };
  const source: RecordingSource = {
    async *scan() {
      for (const [position, record] of recording.entries()) yield await Promise.resolve({ record, position });
    },
    read: (position) => Promise.resolve(recordAt(position)),
    readSome: (positions) => Promise.resolve(positions.map(recordAt)),
  };
  const written = await writeStoryFile({ index, source, story: "deployment-deployment-uid", directory });
  return JSON.parse(readFileSync(written?.file ?? "", "utf8")) as StoryDocument;
}

function permutations<T>(of: readonly T[]): T[][] {
  if (of.length <= 1) return [[...of]];
  return of.flatMap((first, at) => permutations(of.toSpliced(at, 1)).map((rest) => [first, ...rest]));
}

test("Deployment, ReplicaSet, Pod, Event and log line tell the same story in all 120 orders of arrival", async () => {
  for (const order of permutations(ARRIVING)) {
    const story = await storyOf(recordingOf(order));
    expect(story.objects.map(({ uid, relation }) => `${uid}: ${relation}`).toSorted()).toEqual([
      "deployment-uid: root",
      "event-uid: about Pod/web-1-a (uid pod-uid)",
      "pod-uid: owned by ReplicaSet/web-1 (uid replicaset-uid)",
      "replicaset-uid: owned by Deployment/web (uid deployment-uid)",
    ]);
    const told = story.events.map(({ event_type: type, action, uid }) => `${type} ${action} ${uid}`);
    expect(told.filter((event) => !event.startsWith("CONTAINER_LOG"))).toEqual([
      "RESOURCE_UPDATE add deployment-uid",
      "CORRELATED_EVENT add replicaset-uid",
      "CORRELATED_EVENT add pod-uid",
      "K8S_EVENT add event-uid",
    ]);
    expect(told.filter((event) => event.startsWith("CONTAINER_LOG"))).toEqual(["CONTAINER_LOG log pod-uid"]);
    expect(story.coverage.verdict).toBe("complete");
  }
});
