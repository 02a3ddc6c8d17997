/**
 * Which events are wanted. Type and time stand at the beginning of an event's line: most unwanted events are passed over
 * without being parsed.
 */
import { field, textField } from "../base/index.ts";
import type { StoryEvent } from "../story/index.ts";

export type EventType = StoryEvent["event_type"];

/** What can be told from the beginning of a line. Times are milliseconds; both bounds are included. */
export interface EventSelection {
  readonly types?: ReadonlySet<string> | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

export const ALL_EVENTS: EventSelection = {};

export interface EventHead {
  readonly type: string;
  readonly timestamp: string;
}

/** `{"correlation_id":"…","timestamp":"…","event_type":"…"`, as the writer orders it. */
const HEAD = /^\{"correlation_id":"[^"]*","timestamp":"([^"]*)","event_type":"([A-Z0-9_]+)"/;
/** A correlation id is a kind and a uid, and both are short. */
const HEAD_BYTES = 512;

/** `undefined` when the line does not begin as the writer begins it. */
export function readHead(line: Buffer): EventHead | undefined {
  const match = HEAD.exec(line.toString("latin1", 0, HEAD_BYTES));
  if (match === null) return undefined;
  return { timestamp: match[1] ?? "", type: match[2] ?? "" };
}

export function isWanted(head: EventHead, { types, since, until }: EventSelection): boolean {
  return (
    (types === undefined || types.has(head.type)) &&
    (since === undefined || Date.parse(head.timestamp) >= since) &&
    (until === undefined || Date.parse(head.timestamp) <= until)
  );
}

/** Events are in the order of time: behind this one there is nothing wanted. */
export function isAfter(head: EventHead, { until }: EventSelection): boolean {
  return until !== undefined && Date.parse(head.timestamp) > until;
}

/**
 * True for what a person looks for when something broke: warnings, containers and pods that failed, gaps, deletions that
 * nobody saw, and log lines that sound like an error.
 */
export function isTrouble(event: StoryEvent): boolean {
  switch (event.event_type) {
    case "K8S_EVENT":
      return textField(event.data, "type") === "Warning";
    case "POD_LIFECYCLE":
      return (
        event.action === "evicted" ||
        (event.data.exit_code ?? 0) !== 0 ||
        isFailedWait(event.data.reason) ||
        event.data.to === "Failed"
      );
    case "CONTAINER_LOG":
      return SOUNDS_LIKE_TROUBLE.test(event.data.message);
    case "RECORDING_GAP":
      return event.data.possible_loss;
    case "RESOURCE_UPDATE":
    case "CORRELATED_EVENT":
      return hasFailedCondition(event.data);
  }
}

/**
 * The container id of a log line, on the bytes of its event: `undefined` unless it is certain that the line is not blank and does
 * not sound like trouble, and then it is to be parsed.
 */
export function quietLineOf(text: string): string | undefined {
  const begin = LINE_BEGINS.exec(text);
  if (begin === null) return undefined;
  const message = text.slice(begin.index + begin[0].length - 1, text.lastIndexOf(LINE_ENDS));
  return MAY_SOUND_LIKE_TROUBLE.test(message) ? undefined : begin[1];
}

/** As the writer orders it, up to the first character of the message, which is neither a space nor escaped. */
const LINE_BEGINS =
  /"data":\{"pod":"[^"]*","container":"[^"]*","container_id":"([^"]+)","restart_count":\d+,"timestamp":"[^"]*","message":"[^\s"\\]/;

/** Behind `data`, which ends with the message or with what is said of it. */
const LINE_ENDS = '},"namespace":"';

/** Every line that `SOUNDS_LIKE_TROUBLE`, and some more. */
const MAY_SOUND_LIKE_TROUBLE = /error|fatal|panic|exception|critical|traceback|segfault|out of memory/i;

/** Waiting reasons of the kubelet that are no ordinary step (kubernetes `pkg/kubelet/images`, `kuberuntime`). */
function isFailedWait(reason: string | undefined): boolean {
  return reason !== undefined && /BackOff|Err|Error|Invalid|Failed|NeverPull|OOMKilled|Deadline/.test(reason);
}

const SOUNDS_LIKE_TROUBLE =
  /\b(error|fatal|panic|exception|critical|traceback|segfault|out of memory)\b|level=(error|fatal)|"level":"(error|fatal)"/i;

/** Conditions whose truth is bad news, for any kind. */
function hasFailedCondition(object: unknown): boolean {
  const conditions = field(field(object, "status"), "conditions");
  if (!Array.isArray(conditions)) return false;
  return conditions.some(
    (condition) =>
      (field(condition, "status") === "True" && /Failure|Failed|Pressure/.test(textField(condition, "type") ?? "")) ||
      textField(condition, "reason") === "ProgressDeadlineExceeded",
  );
}
