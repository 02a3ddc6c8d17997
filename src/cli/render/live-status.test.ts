import { expect, test } from "vitest";
import type { CaptureGauges } from "../../capture/index.ts";
import { type LiveReading, renderLiveStatus } from "./live-status.ts";

const GAUGES: CaptureGauges = {
  activeCorrelations: 2,
  workers: 5,
  logStreams: 1,
  logStreamsWaiting: 0,
  watches: 1,
  openGaps: 0,
  queuedItems: 0,
  queuedBytes: 0,
  unwrittenBytes: 0,
  recordingBytes: 0,
};
const READING: LiveReading = { elapsedMs: 61_500, events: 1, gauges: GAUGES, conditions: [], stopping: false, columns: 200 };

test("says how long, how much, and how to stop", () => {
  expect(renderLiveStatus(READING)).toBe("recording 1m1s · 2 stories · 1 record · 1 watch · 1 log stream · Ctrl-C to stop");
});

test("what is wrong comes first", () => {
  const conditions = [{ severity: "degraded", subject: "secrets.v1/prod", why: "forbidden", since: 0 }] as const;
  expect(renderLiveStatus({ ...READING, conditions, gauges: { ...GAUGES, openGaps: 1 } })).toBe(
    "recording 1m1s · 1 degraded: secrets.v1/prod · 1 open gap · 2 stories · 1 record · 1 watch · 1 log stream · Ctrl-C to stop",
  );
});

test("while stopping it says what a second Ctrl-C does", () => {
  expect(renderLiveStatus({ ...READING, elapsedMs: 0, stopping: true })).toBe(
    "stopping 0s · 2 stories · 1 record · 1 watch · 1 log stream · press Ctrl-C again to abort",
  );
});

test("it never wraps", () => {
  expect(renderLiveStatus({ ...READING, columns: 20 })).toBe("recording 1m1s · 2…");
});
