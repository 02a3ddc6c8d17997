/**
 * What is read from a place on, with what was known there, comes to the same as what is read from the begin on: everything that a
 * run knows, and every byte of every story.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deserialize } from "node:v8";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openRecordingSource, recordingDirectory, type SavedState } from "../archive/index.ts";
import { LongList } from "../base/index.ts";
import { Correlator } from "../correlate/index.ts";
import type { FaroRecord, ObjectRecord, RecordAt, RecordingSource } from "../record/index.ts";
import { StoryIndex, writeStoryFile } from "../story/index.ts";
import { unpack } from "./pack.ts";
import { DamageWatch, packState, recover, recoverStories, type RecoveryStart, startFrom } from "./recovery.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples/recordings");
const NO_SELECTION = { resources: [], names: [], namespaces: [], selector: "" };

/** A recording in memory, which may end anywhere. */
class Held implements RecordingSource {
  readonly all: readonly RecordAt[];

  constructor(all: readonly RecordAt[]) {
    this.all = all;
  }

  async *scan(from: { readonly position: number } = { position: 0 }): AsyncGenerator<RecordAt> {
    for (const each of this.all) if (each.position >= from.position) yield await Promise.resolve(each);
  }

  read(position: number): Promise<RecordAt["record"]> {
    const found = this.all.find((each) => each.position === position);
    return found === undefined ? Promise.reject(new Error(`nothing stands at ${position}`)) : Promise.resolve(found.record);
  }

  async readSome([first = -1]: readonly number[]): Promise<readonly RecordAt["record"][]> {
    return [await this.read(first)];
  }

  before(end: number): Held {
    return new Held(this.all.slice(0, end));
  }
}

async function held(output: string): Promise<Held> {
  const source = await openRecordingSource(recordingDirectory(output));
  const all: RecordAt[] = [];
  for await (const each of source.scan()) all.push(each);
  await source.close();
  return new Held(all);
}

function begun(saved?: SavedState): RecoveryStart {
  return startFrom(saved, () => ({
    correlator: new Correlator({ selection: NO_SELECTION, correlationTimeoutMs: 300_000 }),
    index: new StoryIndex(),
  }));
}

async function read(source: Held, saved?: SavedState): Promise<RecoveryStart> {
  const start = begun(saved);
  await recover(source, start, new DamageWatch());
  return start;
}

/** As a run would keep it that ended in front of `all[end]`. */
function keptBy(start: RecoveryStart, { all }: Held, end: number): SavedState {
  const position = all[end]?.position ?? Number.MAX_SAFE_INTEGER;
  const { pieces: first, pages } = packState(start, new LongList(start.pods));
  const pieces = [...first, ...pages].map((piece) => Buffer.from(piece));
  return { position, lines: end, lastSeq: 0, recorded: 0, checksums: "", pieces };
}

function known(start: RecoveryStart): readonly unknown[] {
  const { pieces, pages } = packState(start, new LongList(start.pods));
  return [unpack([...pieces]).value, ...pages];
}

/** The files of all stories. */
async function stories(source: Held, { index }: RecoveryStart): Promise<readonly string[]> {
  const directory = mkdtempSync(join(tmpdir(), "faro-recovery-"));
  try {
    const told: string[] = [];
    for (const { story } of index.stories()) {
      const written = await writeStoryFile({ directory, index, source, story });
      told.push(readFileSync(written?.file ?? "", "utf8"));
    }
    return told;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe.each(readdirSync(EXAMPLES))("%s, read from any place on", (name) => {
  test("comes to what all of it comes to", async () => {
    const recording = await held(join(EXAMPLES, name));
    const full = await read(recording);
    const expected = known(full);
    const told = await stories(recording, full);
    expect(told).not.toEqual([]);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: recording.all.length }), async (end) => {
        const early = await read(recording.before(end));
        const late = await read(recording, keptBy(early, recording, end));
        expect(known(late)).toStrictEqual(expected);
        expect(await stories(recording, late)).toEqual(told);
      }),
      { numRuns: 5, examples: [[0], [recording.all.length]] },
    );
  });
});

describe.each(readdirSync(EXAMPLES))("%s, read for its stories alone", (name) => {
  test("gives those, and what was not said, that a run that goes on finds, wherever it ends", async () => {
    const recording = await held(join(EXAMPLES, name));
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: recording.all.length }), async (end) => {
        const source = recording.before(end);
        const full = begun();
        const { missing, carried } = await recover(source, full, new DamageWatch());
        const bare = begun();
        expect(await recoverStories(source, bare)).toEqual({ missing, stoppedAt: carried.stoppedAt });
        expect(bare.correlator.size).toBe(full.correlator.size);
        expect(await stories(source, bare)).toEqual(await stories(source, full));
      }),
      { numRuns: 10, examples: [[0], [recording.all.length]] },
    );
  });
});

describe("a recording of pods that come and go for a day", () => {
  const BEGIN = Date.UTC(2026, 0, 1);
  const MINUTE_MS = 60_000;
  const PODS = 288;

  /** One every five minutes; each goes after a second. */
  function day(): Held {
    const records: FaroRecord[] = [];
    const at = (minute: number): string => new Date(BEGIN + minute * MINUTE_MS).toISOString();
    const pod = (number: number, change: "ADDED" | "DELETED", seq: number): ObjectRecord => ({
      type: "object",
      seq,
      at: change === "ADDED" ? at(5 * number) : at(5 * number + 1),
      epoch: 1,
      scope: "pods.v1/*",
      change,
      observedBy: "watch",
      resource: "pods.v1",
      apiVersion: "v1",
      kind: "Pod",
      namespace: "shop",
      name: `web-${number}`,
      uid: `pod-${number}`,
      resourceVersion: String(seq),
      raw: Buffer.from(`{"metadata":{"name":"web-${number}"},"status":{}}`),
    });
    const run = { type: "run", state: "started", seq: 1, at: at(0), faroVersion: "1.0.0", epoch: 1 } as const;
    records.push({ ...run, correlationTimeoutMs: 60_000 });
    for (let number = 0; number < PODS; number++)
      records.push(pod(number, "ADDED", 2 * number + 2), pod(number, "DELETED", 2 * number + 3));
    return new Held(records.map((record, position) => ({ record, position })));
  }

  test("takes memory for the last of them alone, read from any place on", async () => {
    const recording = day();
    const full = await read(recording);
    expect(full.correlator.size).toBeLessThan(12);
    const bare = begun();
    await recoverStories(recording, bare);
    expect(bare.correlator.size).toBe(full.correlator.size);
    for (const end of [1, 200, 301, 576]) {
      const early = await read(recording.before(end));
      expect(known(await read(recording, keptBy(early, recording, end)))).toStrictEqual(known(full));
    }
  });
});

describe("what is known of 20,000 pods that live", () => {
  const PODS = 20_000;

  function living(): Held {
    const at = new Date(Date.UTC(2026, 0, 1)).toISOString();
    const selection = { resources: ["replicasets.v1.apps"], names: [], namespaces: [], selector: "" };
    const run = { type: "run", state: "started", seq: 1, at, faroVersion: "1.0.0", epoch: 1, selection } as const;
    const object = { type: "object", at, epoch: 1, change: "ADDED", observedBy: "watch", namespace: "shop" } as const;
    const replicaSet: ObjectRecord = {
      ...object,
      seq: 2,
      scope: "replicasets.v1.apps/*",
      resource: "replicasets.v1.apps",
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      name: "web",
      uid: "web",
      resourceVersion: "1",
      raw: Buffer.from("{}"),
    };
    const owners = [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "web", controller: true }];
    const pod = (number: number): ObjectRecord => ({
      ...object,
      seq: number + 3,
      scope: "pods.v1/*",
      resource: "pods.v1",
      apiVersion: "v1",
      kind: "Pod",
      name: `web-${number}`,
      uid: `pod-${number}`,
      resourceVersion: String(number + 3),
      owners,
      raw: Buffer.from(`{"metadata":{"name":"web-${number}","namespace":"shop"},"spec":{"serviceAccountName":"web"}}`),
    });
    const records: FaroRecord[] = [run, replicaSet, ...Array.from({ length: PODS }, (_, number) => pod(number))];
    return new Held(records.map((record, position) => ({ record, position })));
  }

  /** Numbers in lists, which are places of others, and members of objects. */
  function countOf(value: unknown): number {
    if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + countOf(each), 1);
    return typeof value === "object" && value !== null ? Object.keys(value).length : 1;
  }

  test("is put together in pieces none of which takes more work for there being so many", async () => {
    const start = await read(living());
    expect(start.pods.size).toBe(PODS);
    const { pieces } = packState(start, new LongList(start.pods));
    const work = [...pieces].slice(1, -1).map((piece) => countOf(deserialize(piece)));
    expect(work.length).toBeGreaterThan(100);
    // One row is the owner of all of them.
    const [most = 0, next = 0] = work.sort((a, b) => b - a);
    expect(most).toBeLessThan(2 * PODS);
    expect(next).toBeLessThan(256 * 32);
  }, 120_000);
});
