/**
 * Which events are wanted. Type and time stand at the beginning of an event's line: most unwanted events are passed over
 * without being parsed.
 */
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
