/** A whole capture on a disk in trouble: nothing is lost silently, the process lives, and health and ledger say the same. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Capture, type CaptureStatus, verifyRecording } from "../src/capture/index.ts";
import { type Embedded, embeddedCluster, storiesIn, synced } from "./support/embedded.ts";
import { FaultyDisk } from "./support/faulty-disk.ts";
import { gapsIn, recordsIn, truthOf, versionsOf } from "./support/recorded.ts";

let cluster: Embedded;
let truth: readonly string[];
let disk: FaultyDisk;
beforeEach(async () => {
  cluster = await embeddedCluster();
  truth = truthOf(cluster, "ConfigMap");
  disk = new FaultyDisk();
});
afterEach(() => cluster.close());

const refTo = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name }) as const;

function create(name: string): void {
  cluster.history.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data: { value: "" } });
}

function modify(name: string, times: number, bytes = 10): void {
  for (let at = 0; at < times; at++)
    cluster.history.modify(refTo(name), (object) => ({ ...object, data: { value: `${at} ${"x".repeat(bytes)}` } }));
}

async function start(output: string, more: { budgetBytes?: number; bufferSize?: number } = {}): Promise<Capture> {
  const capture = await cluster.capture({
    output,
    kinds: ["v1/ConfigMap"],
    related: "none",
    includeLogs: false,
    bufferSize: more.bufferSize ?? 1_000,
    files: disk,
    ...(more.budgetBytes === undefined ? {} : { unwrittenBytesMax: more.budgetBytes }),
  });
  await synced(capture, 2);
  return capture;
}

const health = (capture: Capture): readonly string[] =>
  capture.conditions().map(({ severity, subject, why }) => `${severity} ${subject}: ${why}`);

async function heard(capture: Capture, take: (status: CaptureStatus) => void): Promise<void> {
  for await (const status of capture.status()) take(status);
}

async function caughtUp(output: string): Promise<void> {
  const newest = truth.at(-1);
  await expect
    .poll(async () => versionsOf(await recordsIn(output), "ConfigMap").includes(newest ?? ""), { interval: 200 })
    .toBe(true);
}

describe.each(["ENOSPC", "EIO"])("a disk that answers %s for a while", (code) => {
  test("loses nothing that fits into memory: health is unhealthy meanwhile, then everything is there, once, without a gap", async () => {
    const output = cluster.directory();
    create("settings");
    const capture = await start(output);
    disk.fault = code;
    modify("settings", 50);
    await expect.poll(() => health(capture)).toContain(`unhealthy recording: ${code}: injected`);
    modify("settings", 50);
    disk.fault = undefined;
    await caughtUp(output);
    await expect.poll(() => health(capture)).toEqual([]);
    capture.stop("enough");
    expect(await capture.done).toMatchObject({ outcome: "complete", reasons: [] });
    const records = await recordsIn(output);
    expect(versionsOf(records, "ConfigMap").toSorted()).toEqual(truth.toSorted());
    expect(gapsIn(records)).toEqual([]);
    expect((await verifyRecording(output)).findings).toEqual([]);
  });
});

describe("a full disk with no memory left", () => {
  /** Neither the recording nor the lanes' overflow can be written. */
  function noRoomToSpill(output: string): void {
    for (const lane of [0, 1, 2]) mkdirSync(join(output, "recording", `spill-${lane}`), { recursive: true });
  }

  test("stops reading and says so as a gap of cause disk; with room again the watch is resumed, every version is there once", async () => {
    const output = cluster.directory();
    noRoomToSpill(output);
    create("settings");
    const capture = await start(output, { budgetBytes: 20_000, bufferSize: 5 });
    disk.fault = "ENOSPC";
    const began = Date.now();
    modify("settings", 60, 2_000);
    await expect.poll(() => capture.gauges().openGaps).toBe(1);
    await expect.poll(() => health(capture)).toContain("unhealthy recording: ENOSPC: injected");
    modify("settings", 20, 2_000);
    const freed = Date.now();
    disk.fault = undefined;
    await caughtUp(output);
    await expect.poll(() => capture.gauges().openGaps).toBe(0);
    capture.stop("enough");
    expect(await capture.done).toMatchObject({ outcome: "complete" });
    const records = await recordsIn(output);
    expect(versionsOf(records, "ConfigMap").toSorted()).toEqual(truth.toSorted());
    const gaps = gapsIn(records);
    expect(gaps.length).toBeGreaterThanOrEqual(1);
    for (const { opened, closed } of gaps) {
      expect(opened).toMatchObject({ cause: "disk", scope: "configmaps.v1/default" });
      expect(opened.detail).toContain("no room for what comes");
      expect(closed?.repaired).toBe("full");
      expect(Date.parse(opened.from)).toBeGreaterThanOrEqual(began);
      expect(Date.parse(closed?.to ?? "")).toBeGreaterThanOrEqual(freed);
    }
    expect(storiesIn(output).get("settings")?.coverage.verdict).toBe("complete");
    expect((await verifyRecording(output)).findings).toEqual([]);
  });
});

describe("a slow disk", () => {
  test("delays and loses nothing: 400 versions at one write in 100 ms", async () => {
    const output = cluster.directory();
    create("settings");
    const capture = await start(output, { budgetBytes: 50_000, bufferSize: 20 });
    disk.delay = () => new Promise((resolve) => setTimeout(resolve, 100));
    modify("settings", 400);
    await caughtUp(output);
    capture.stop("enough");
    await capture.done;
    expect(versionsOf(await recordsIn(output), "ConfigMap").toSorted()).toEqual(truth.toSorted());
  });
});

test("a watch waits for a disk that is late by a moment: nothing spills although the lanes hold five records each", async () => {
  const output = cluster.directory();
  create("settings");
  const capture = await start(output, { budgetBytes: 20_000, bufferSize: 5 });
  const spilled: CaptureStatus[] = [];
  const listening = heard(capture, (status) => {
    if (status.status === "queue-spilled") spilled.push(status);
  });
  let writes = 0;
  disk.delay = () => new Promise((resolve) => setTimeout(resolve, writes++ === 0 ? 200 : 0));
  modify("settings", 400, 1_000);
  await caughtUp(output);
  capture.stop("enough");
  expect(await capture.done).toMatchObject({ outcome: "complete" });
  await listening;
  expect(spilled).toEqual([]);
  expect(versionsOf(await recordsIn(output), "ConfigMap").toSorted()).toEqual(truth.toSorted());
});

test("5,000 versions that wait in the lanes when the recording is stopped are all on disk before it ends", async () => {
  const output = cluster.directory();
  create("settings");
  const capture = await start(output);
  modify("settings", 5_000);
  await expect.poll(() => capture.gauges().recordingBytes).toBeGreaterThan(100_000);
  capture.stop("SIGTERM");
  await capture.done;
  const atEnd = versionsOf(await recordsIn(output), "ConfigMap").length;
  // What had not come over the wire by then comes with the next run.
  const again = await start(output);
  await caughtUp(output);
  again.stop("enough");
  await again.done;
  expect(atEnd).toBeGreaterThan(0);
  expect(versionsOf(await recordsIn(output), "ConfigMap").toSorted()).toEqual(truth.toSorted());
  expect((await verifyRecording(output)).findings).toEqual([]);
});

test("an output directory that is deleted under the recorder is written again, the segment that was open with it", async () => {
  const output = cluster.directory();
  create("settings");
  const capture = await start(output);
  modify("settings", 10);
  await caughtUp(output);
  rmSync(output, { recursive: true });
  modify("settings", 10);
  await caughtUp(output);
  capture.stop("enough");
  await capture.done;
  const records = await recordsIn(output);
  expect(versionsOf(records, "ConfigMap").toSorted()).toEqual(truth.toSorted());
  expect(records.some((record) => record.type === "incident" && record.what === "recording removed")).toBe(true);
  expect((await verifyRecording(output)).findings).toEqual([]);
  expect(storiesIn(output).get("settings")?.events.length).toBeGreaterThan(20);
});
