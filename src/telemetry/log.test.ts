import { expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import type { CaptureStatus } from "../capture/index.ts";
import type { GapRecord } from "../record/index.ts";
import { foldStatus, NO_COUNTS } from "./counts.ts";
import { createLog, type LogLevel, silentLog } from "./log.ts";
import { logStatus } from "./log-status.ts";

function capture(
  level: LogLevel,
  form: "json" | "readable" = "json",
  color = false,
): { readonly lines: string[]; readonly log: ReturnType<typeof createLog> } {
  const lines: string[] = [];
  return {
    lines,
    log: createLog({ level, clock: new VirtualClock(Date.UTC(2025, 7, 7, 10)), form, color, write: (line) => lines.push(line) }),
  };
}

test("a line is one JSON object with the names of the specification", () => {
  const { lines, log } = capture("info");
  log.info("story opened", { correlation_id: "deployment-1", event_type: "RESOURCE_UPDATE", source: "Deployment/web" });
  expect(lines).toEqual([
    '{"level":"info","time":"2025-08-07T10:00:00.000Z","correlation_id":"deployment-1","event_type":"RESOURCE_UPDATE",' +
      '"source":"Deployment/web","message":"story opened"}\n',
  ]);
});

test.each([
  ["debug", ["debug", "info", "warn", "error"]],
  ["info", ["info", "warn", "error"]],
  ["warn", ["warn", "error"]],
  ["error", ["error"]],
] as const)("level %s lets %j through", (level, expected) => {
  const { lines, log } = capture(level);
  log.debug("x");
  log.info("x");
  log.warn("x");
  log.error("x");
  expect(lines.map((line) => JSON.parse(line).level)).toEqual(expected);
});

test("on a terminal the same line is readable, with colours where they are wanted", () => {
  const { lines, log } = capture("info", "readable");
  log.warn("gap opened", { source: "pods.v1/default", items: 3 });
  expect(lines).toEqual(["10:00:00 WARN  gap opened  source=pods.v1/default items=3\n"]);
  const colored = capture("info", "readable", true);
  colored.log.error("x");
  expect(colored.lines[0]).toContain("\u001B[31mERROR\u001B[39m");
});

test("the silent log says nothing", () => {
  for (const say of [silentLog.debug, silentLog.info, silentLog.warn, silentLog.error]) expect(say("x")).toBeUndefined();
});

const GAP: GapRecord = {
  type: "gap",
  seq: 1,
  at: "2025-08-07T10:00:00.000Z",
  gap: "g1",
  state: "opened",
  scope: "pods.v1/default",
  cause: "history-expired",
  from: "2025-08-07T09:59:00.000Z",
};
const STORY = { story: "deployment-1", title: "Deployment/web" } as const;

/** Every status, the level it is logged at, and the start of its message. */
const STATUSES: readonly (readonly [CaptureStatus, LogLevel, string])[] = [
  [{ status: "capture-started", server: "https://x", serverVersion: "v1.35.0", following: ["pods.v1"] }, "info", "recording"],
  [{ status: "watch-started", scope: "pods.v1/default" }, "debug", "watch opened"],
  [{ status: "watch-synced", scope: "pods.v1/default", objects: 3 }, "debug", "watch is in step"],
  [{ status: "watch-ended", scope: "pods.v1/default", why: "clean end" }, "debug", "watch ended, it will be resumed"],
  [
    { status: "scope-degraded", scope: "pods.v1/default", why: "forbidden", hint: "grant it" },
    "warn",
    "cannot watch; Faro keeps trying",
  ],
  [{ status: "scope-recovered", scope: "pods.v1/default" }, "info", "watching again"],
  [
    { status: "relisted", scope: "pods.v1/default", changes: 2 },
    "info",
    "listed again, because the history to resume from was gone",
  ],
  [{ status: "gap-opened", gap: { ...GAP, detail: "410" } }, "warn", "gap opened: something may be missing from here on"],
  [
    { status: "gap-closed", gap: { ...GAP, state: "closed", to: "2025-08-07T10:00:30.000Z", repaired: "partial" } },
    "warn",
    "gap closed",
  ],
  [{ status: "gap-closed", gap: { ...GAP, state: "closed", repaired: "full" } }, "info", "gap closed, and repaired in full"],
  [{ status: "log-stream-opened", stream: "s", source: "web-1/app" }, "debug", "log stream opened"],
  [
    { status: "log-stream-ended", stream: "s", source: "web-1/app", outcome: "complete", why: "ended" },
    "debug",
    "log stream ended",
  ],
  [
    { status: "log-stream-ended", stream: "s", source: "web-1/app", outcome: "incomplete", why: "pod gone" },
    "warn",
    "log stream ended before its end was read",
  ],
  [{ status: "batch-written", records: 1, bytes: 2, fsyncMs: 3, byType: { object: 1 } }, "debug", "batch written"],
  [{ status: "write-stalled", why: "ENOSPC" }, "error", "the recording cannot be written; Faro waits and tries again"],
  [{ status: "write-resumed" }, "info", "the recording can be written again"],
  [{ status: "story-opened", ...STORY, reopened: false }, "info", "story opened"],
  [{ status: "story-opened", ...STORY, reopened: true }, "info", "story goes on"],
  [{ status: "story-completed", ...STORY, because: "quiet" }, "info", "story completed"],
  [{ status: "story-written", ...STORY, file: "output/x.json", events: 3, verdict: "complete" }, "info", "story written"],
  [{ status: "queue-high", lane: 1, items: 900 }, "debug", "lane is filling"],
  [{ status: "queue-spilled", lane: 1, items: 900 }, "warn", "lane was full and spilled to disk; nothing is lost"],
  [{ status: "incident", what: "an object without uid", detail: "x" }, "warn", "an object without uid"],
  [{ status: "api-warning", text: "deprecated" }, "warn", "the API server warns"],
  [{ status: "draining", openStories: 2 }, "info", "stopping: writing what has arrived"],
  [{ status: "stopped" }, "info", "stopped"],
];

test.each(STATUSES)("%j is logged at %s", (status, level, message) => {
  const { lines, log } = capture("debug");
  logStatus(log, status);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level, message }]);
});

test("a story's lines carry its correlation id, a gap's and a log's their event type", () => {
  const { lines, log } = capture("debug");
  for (const [status] of STATUSES) logStatus(log, status);
  const parsed: readonly Record<string, unknown>[] = lines.map((line) => JSON.parse(line));
  expect(parsed.filter((line) => "correlation_id" in line).map((line) => line["correlation_id"])).toEqual(
    Array.from({ length: 4 }, () => "deployment-1"),
  );
  expect(new Set(parsed.map((line) => line["event_type"]))).toEqual(new Set([undefined, "RECORDING_GAP", "CONTAINER_LOG"]));
  expect(parsed.find((line) => line["repaired"] === "partial")).toMatchObject({ cause: "history-expired", length: "1m30s" });
});

test("the counts are the sum of every status", () => {
  const counts = STATUSES.reduce((sum, [status]) => foldStatus(sum, status), NO_COUNTS);
  expect(counts).toMatchObject({
    events: 1,
    bytes: 2,
    eventsByType: { object: 1 },
    gapsByCause: { "history-expired": 1 },
    relists: 1,
    watchEnds: 1,
    storiesByVerdict: { complete: 1 },
    logStreamsByOutcome: { complete: 1, incomplete: 1 },
    spilled: 900,
    stalls: 1,
    incidents: 1,
    apiWarnings: 1,
  });
  expect([...counts.degradedScopes]).toEqual([]);
  expect(foldStatus(NO_COUNTS, { status: "scope-degraded", scope: "pods.v1/default", why: "x" }).degradedScopes).toEqual(
    new Set(["pods.v1/default"]),
  );
});
