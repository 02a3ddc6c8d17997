/** A recording in memory, and short ways to write its records, for the tests of this room. */
import {
  decodeRecord,
  encodeRecord,
  type FaroRecord,
  type GapRecord,
  type LifecycleRecord,
  type LogRecord,
  type ObjectRecord,
  type Position,
  type RecordAt,
  type RecordingSource,
  type StoryRecord,
} from "../record/index.ts";
import type { StoryDocument } from "./document.ts";
import { StoryIndex } from "./story-index.ts";
import { writeStory } from "./write-story.ts";

export class MemoryRecording implements RecordingSource {
  readonly #lines: Buffer[];

  constructor(records: readonly FaroRecord[]) {
    this.#lines = records.map(encodeRecord);
  }

  async *scan(): AsyncGenerator<RecordAt> {
    for (const [position, line] of this.#lines.entries()) yield await Promise.resolve({ record: decodeRecord(line), position });
  }

  async read(position: Position): Promise<FaroRecord> {
    return await Promise.resolve(decodeRecord(this.#lines[position] ?? Buffer.alloc(0)));
  }

  async readSome(positions: readonly Position[]): Promise<readonly FaroRecord[]> {
    const records: FaroRecord[] = [];
    for (const position of positions) {
      try {
        records.push(await this.read(position));
      } catch (error) {
        if (records.length === 0) throw error;
        return records;
      }
    }
    return records;
  }

  /** Flips a bit in the middle of a line. */
  damage(position: Position): void {
    const line = this.#lines[position] ?? Buffer.alloc(1);
    line[line.length >> 1] = (line[line.length >> 1] ?? 0) ^ 1;
  }
}

export function indexOf(records: readonly FaroRecord[]): StoryIndex {
  const index = new StoryIndex();
  for (const [position, record] of records.entries()) index.accept(record, position);
  return index;
}

/** The text of a story's file. */
export async function storyText(records: readonly FaroRecord[], story: string): Promise<string> {
  const parts: Buffer[] = [];
  const sink = {
    async write(bytes: Buffer): Promise<void> {
      parts.push(await Promise.resolve(Buffer.from(bytes)));
    },
  };
  await writeStory({ index: indexOf(records), source: new MemoryRecording(records), story, sink });
  return Buffer.concat(parts).toString();
}

export async function storyOf(records: readonly FaroRecord[], story: string): Promise<StoryDocument> {
  return JSON.parse(await storyText(records, story)) as StoryDocument;
}

export const STORY = "deployment-d-1";
export const ROOT: StoryRecord["root"] = {
  resourceType: "apps/v1/Deployment",
  kind: "Deployment",
  namespace: "default",
  name: "web",
  uid: "d-1",
};

/** `10:00:01.500` of the day on which the tests play. */
export function at(time: string): string {
  return `2026-01-01T${time.includes(".") ? time : `${time}.000`}Z`;
}

let nextSeq = 1;

/** Gives each record the next number, in the order of the list; a log block as many as it has lines. */
export function numbered(records: readonly FaroRecord[]): readonly FaroRecord[] {
  nextSeq = 1;
  return records.map((record) => {
    const seq = nextSeq;
    nextSeq += record.type === "log" ? record.count : 1;
    return { ...record, seq };
  });
}

export function object(kind: string, uid: string, more: Partial<ObjectRecord> & { readonly at: string }): ObjectRecord {
  const resource = `${kind.toLowerCase()}s.v1`;
  const name = more.name ?? uid;
  const resourceVersion = more.resourceVersion ?? more.at.slice(11, 23);
  return {
    type: "object",
    seq: 0,
    epoch: 1,
    scope: `${resource}/default`,
    change: "MODIFIED",
    observedBy: "watch",
    resource,
    apiVersion: "v1",
    kind,
    namespace: "default",
    name,
    uid,
    resourceVersion,
    ...more,
    raw: more.raw ?? Buffer.from(`{"kind":"${kind}","metadata":{"name":"${name}","uid":"${uid}"}}`),
  };
}

export function kubeEvent(
  uid: string,
  time: string | undefined,
  more: Partial<ObjectRecord> & { readonly at: string },
): ObjectRecord {
  const facts = { involved: { kind: "Pod", name: "web-1", uid: "p-1" }, reason: "Started", component: "kubelet", count: 1 };
  return object("Event", uid, { change: "ADDED", ...more, kubeEvent: time === undefined ? facts : { ...facts, time } });
}

export function opened(arrival: string): FaroRecord {
  return { type: "story", seq: 0, at: arrival, story: STORY, state: "opened", root: ROOT };
}

export function completed(arrival: string): FaroRecord {
  return { type: "story", seq: 0, at: arrival, story: STORY, state: "completed", because: "deleted", root: ROOT };
}

export function belongs(uid: string, arrival: string, relation = "owned by it"): FaroRecord {
  return { type: "attribution", seq: 0, at: arrival, uid, stories: [STORY], relation };
}

export function logStream(stream: string, arrival: string, containerId = "containerd://c1"): FaroRecord {
  const instance = {
    podUid: "p-1",
    namespace: "default",
    pod: "web-1",
    container: "app",
    containerKind: "app",
    containerId,
    restartCount: 0,
  } as const;
  return { type: "log-stream", seq: 0, at: arrival, stream, instance };
}

export function log(stream: string, arrival: string, lines: readonly string[]): LogRecord {
  return { type: "log", seq: 0, at: arrival, stream, count: lines.length, encoding: "utf8", text: lines.join("\n") };
}

export function lifecycle(
  action: LifecycleRecord["action"],
  time: string,
  more: Partial<LifecycleRecord> & { readonly at: string },
): LifecycleRecord {
  return {
    type: "lifecycle",
    seq: 0,
    epoch: 1,
    uid: "p-1",
    namespace: "default",
    name: "web-1",
    action,
    time,
    version: 3,
    resourceVersion: "12",
    ...more,
  };
}

export function gap(
  id: string,
  state: GapRecord["state"],
  more: Partial<GapRecord> & { readonly at: string; readonly from: string },
): GapRecord {
  return { type: "gap", seq: 0, gap: id, state, scope: "pods.v1/default", cause: "history-expired", ...more };
}
