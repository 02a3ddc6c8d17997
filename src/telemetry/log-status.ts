/** The capture's status stream as log lines. */
import { formatDuration, unreachable } from "../base/index.ts";
import type { CaptureStatus } from "../capture/index.ts";
import type { GapRecord } from "../record/index.ts";
import type { Log, LogFields } from "./log.ts";

type StatusOf<Name extends CaptureStatus["status"]> = Extract<CaptureStatus, { status: Name }>;

/** Logs one status at the level that its consequence has. */
export function logStatus(log: Log, status: CaptureStatus): void {
  switch (status.status) {
    case "capture-started":
      return log.info("recording", { server: status.server, server_version: status.serverVersion, following: status.following });
    case "watch-started":
    case "watch-synced":
    case "watch-ended":
    case "scope-degraded":
    case "scope-recovered":
    case "relisted":
      return logScope(log, status);
    case "gap-opened":
      return log.warn("gap opened: something may be missing from here on", gapFields(status.gap));
    case "gap-closed":
      return logGapClosed(log, status.gap);
    case "log-stream-opened":
      return log.debug("log stream opened", { event_type: "CONTAINER_LOG", source: status.source });
    case "log-stream-ended":
      return logStreamEnded(log, status);
    case "story-opened":
    case "story-completed":
    case "story-written":
      return logStory(log, status);
    case "batch-written":
      return log.debug("batch written", { records: status.records, bytes: status.bytes, fsync_ms: status.fsyncMs });
    case "write-stalled":
      return log.error("the recording cannot be written; Faro waits and tries again", { why: status.why });
    case "write-resumed":
      return log.info("the recording can be written again");
    case "queue-high":
      return log.debug("lane is filling", { lane: status.lane, items: status.items });
    case "queue-spilled":
      return log.warn("lane was full and spilled to disk; nothing is lost", { lane: status.lane, items: status.items });
    case "incident":
      return log.warn(status.what, { detail: status.detail });
    case "api-warning":
      return log.warn("the API server warns", { warning: status.text });
    case "draining":
      return log.info("stopping: writing what has arrived", { open_stories: status.openStories });
    case "stopped":
      return log.info("stopped");
    default:
      return unreachable(status);
  }
}

function logScope(
  log: Log,
  status: StatusOf<"watch-started" | "watch-synced" | "watch-ended" | "scope-degraded" | "scope-recovered" | "relisted">,
): void {
  const source = status.scope;
  switch (status.status) {
    case "watch-started":
      return log.debug("watch opened", { source });
    case "watch-synced":
      return log.debug("watch is in step", { source, objects: status.objects });
    case "watch-ended":
      return log.debug("watch ended, it will be resumed", { source, why: status.why });
    case "scope-degraded":
      return log.warn("cannot watch; Faro keeps trying", {
        source,
        why: status.why,
        ...(status.hint === undefined ? {} : { hint: status.hint }),
      });
    case "scope-recovered":
      return log.info("watching again", { source });
    case "relisted":
      return log.info("listed again, because the history to resume from was gone", { source, changes: status.changes });
    default:
      return unreachable(status);
  }
}

function logStory(log: Log, status: StatusOf<"story-opened" | "story-completed" | "story-written">): void {
  const fields: LogFields = { correlation_id: status.story, source: status.title };
  switch (status.status) {
    case "story-opened":
      return log.info(status.reopened ? "story goes on" : "story opened", fields);
    case "story-completed":
      return log.info("story completed", { ...fields, because: status.because });
    case "story-written":
      return log.info("story written", { ...fields, file: status.file, events: status.events, verdict: status.verdict });
    default:
      return unreachable(status);
  }
}

function logStreamEnded(log: Log, status: StatusOf<"log-stream-ended">): void {
  const fields: LogFields = { event_type: "CONTAINER_LOG", source: status.source, why: status.why };
  if (status.outcome === "complete") log.debug("log stream ended", fields);
  else log.warn("log stream ended before its end was read", fields);
}

function logGapClosed(log: Log, gap: GapRecord): void {
  const length = gap.to === undefined ? undefined : formatDuration(Date.parse(gap.to) - Date.parse(gap.from));
  const fields: LogFields = { ...gapFields(gap), repaired: gap.repaired ?? "none", ...(length === undefined ? {} : { length }) };
  if (gap.repaired === "full") log.info("gap closed, and repaired in full", fields);
  else log.warn("gap closed", fields);
}

function gapFields(gap: GapRecord): LogFields {
  return {
    event_type: "RECORDING_GAP",
    source: gap.scope,
    cause: gap.cause,
    from: gap.from,
    ...(gap.detail === undefined ? {} : { detail: gap.detail }),
  };
}
