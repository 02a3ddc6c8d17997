import { expect, test } from "vitest";
import type { FaroRecord, RecordAt, RecordingSource } from "../record/index.ts";
import { at, belongs, logStream, opened, STORY } from "./recording.cases.ts";
import { StoryIndex } from "./story-index.ts";
import { writeStory } from "./write-story.ts";

const EVENTS = 200_000;
const RAW = Buffer.from(`{"kind":"Pod","text":"${"x".repeat(4_000)}"}`);
const BEGIN: readonly FaroRecord[] = [opened(at("10:00:00")), belongs("p-1", at("10:00:00")), logStream("s-1", at("10:00:00"))];
const START = Date.parse(at("10:00:00"));

/** A recording of 800 MB that exists only while it is read: every tenth record is a log block of ten lines. */
const endless: RecordingSource = {
  async *scan(): AsyncGenerator<RecordAt> {
    for (let position = 0; position < EVENTS; position++) yield await Promise.resolve({ record: recordAt(position), position });
  },
  read: (position) => Promise.resolve(recordAt(position)),
  readSome: (positions) => Promise.resolve(positions.map(recordAt)),
};

function recordAt(position: number): FaroRecord {
  const begin = BEGIN[position];
  if (begin !== undefined) return begin;
  const time = new Date(START + position).toISOString();
  const common = { seq: position * 10, at: time };
  if (position % 10 === 0) {
    const lines = Array.from({ length: 10 }, (_, index) => `${time.slice(0, -1)}${index}Z line ${index}`);
    return { type: "log", ...common, stream: "s-1", count: 10, encoding: "utf8", text: lines.join("\n") };
  }
  return {
    type: "object",
    ...common,
    epoch: 1,
    scope: "pods.v1/default",
    change: "MODIFIED",
    observedBy: "watch",
    resource: "pods.v1",
    apiVersion: "v1",
    kind: "Pod",
    namespace: "default",
    name: "web-1",
    uid: "p-1",
    resourceVersion: String(position),
    raw: RAW,
  };
}

test("a story of 380,000 events and 800 MB is indexed and written in bounded memory", async () => {
  const index = new StoryIndex();
  for (let position = 0; position < EVENTS; position++) index.accept(recordAt(position), position);
  let bytes = 0;
  let peak = 0;
  let peakBuffers = 0;
  const before = process.memoryUsage();
  const sink = {
    async write(part: Buffer): Promise<void> {
      bytes += part.length;
      const { rss, arrayBuffers } = process.memoryUsage();
      peak = Math.max(peak, rss);
      peakBuffers = Math.max(peakBuffers, arrayBuffers);
      await Promise.resolve();
    },
  };
  const summary = await writeStory({ index, source: endless, story: STORY, sink });
  expect(summary?.events).toBe(EVENTS - BEGIN.length + 9 * (EVENTS / 10 - 1));
  expect(bytes).toBeGreaterThan(750_000_000);
  // A tenth of what is written; the heap of a test process breathes by some tens of megabytes by itself.
  expect(peak - before.rss).toBeLessThan(80 * 1024 * 1024);
  // What was written is filled again: nothing here waits for the collector.
  expect(peakBuffers - before.arrayBuffers).toBeLessThan(4 * 1024 * 1024);
});
