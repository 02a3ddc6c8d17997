import { expect, test } from "vitest";
import type { GapRecord, LogRecord } from "../record/index.ts";
import { RecordedLogs } from "./recorded-logs.ts";

const AT = "2026-01-01T12:00:00.000Z";
const INSTANCE = {
  podUid: "pod-1",
  namespace: "shop",
  pod: "web-0",
  container: "app",
  containerKind: "app",
  containerId: "containerd://1",
  restartCount: 0,
} as const;

/** A megabyte for each minute. */
function minute(at: number): LogRecord {
  const lines = Array.from({ length: 1_000 }, () => `2026-01-01T12:0${at}:00.000000000Z ${"x".repeat(1_000)}`);
  const record = { type: "log", seq: 0, at: AT, stream: "s", encoding: "utf8", count: lines.length } as const;
  return { ...record, text: lines.join("\n") };
}

/** The gaps told of a file that begins with minute 1, after the recorder has been started again. */
async function toldAgain(gaps: readonly GapRecord[]): Promise<number> {
  const recorded = new RecordedLogs();
  recorded.accept({ type: "log-stream", seq: 0, at: AT, stream: "s", instance: INSTANCE }, 0);
  const records = [minute(0), minute(1), minute(2), ...gaps];
  for (const [position, record] of records.entries()) recorded.accept(record, position);
  const source = { read: (position: number) => Promise.resolve(records[position] ?? minute(0)) };
  const seams = (await recorded.logs(source)).get("containerd://1")?.aligner.seams;
  seams?.ask(0)(Date.UTC(2026, 0, 1, 12, 1) / 1_000);
  return seams?.passed().length ?? -1;
}

test("a rotation that was told before the recorder was started again is told no second time", async () => {
  const bounds = { from: "2026-01-01T12:00:00.000Z", to: "2026-01-01T12:01:00.050Z" };
  const gap = {
    type: "gap",
    seq: 0,
    at: AT,
    gap: "g1",
    state: "closed",
    scope: "log:pod-1/app",
    cause: "rotation",
    ...bounds,
  } as const;
  expect(await toldAgain([])).toBe(1);
  expect(await toldAgain([gap])).toBe(0);
  expect(await toldAgain([{ ...gap, scope: "log:pod-2/app" }])).toBe(1);
});
