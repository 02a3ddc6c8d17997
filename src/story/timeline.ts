/**
 * When each event happened. One rule per kind of record, and one above all: the events of one stream (versions of
 * one object, lines of one container instance) never stand in the wrong order, so a time never falls behind the
 * one before it in its stream. Times are milliseconds since 1970, with fractions.
 */
import { type ChoosesLine, isoMs } from "../base/index.ts";
import { lineInstantAt, type LogRecord, type ObjectRecord, parseTimestamp, splitLogLine, textOfLine } from "../record/index.ts";

/** The latest time of one stream so far. */
export interface RunningTime {
  latest: number;
}

/** Moves the stream on to `time`, or leaves it where it is when `time` lies before. Returns where it stands then. */
export function advance(stream: RunningTime, time: number): number {
  stream.latest = Math.max(stream.latest, time);
  return stream.latest;
}

/**
 * An object's version counts from its arrival: the API server tells whole seconds at best. A Kubernetes Event
 * carries its own time, but for its removal, which is the moment it expired.
 */
export function objectTime(record: ObjectRecord): number {
  const arrival = isoMs(record.at);
  if (record.kubeEvent === undefined || record.change === "DELETED") return arrival;
  return kubeEventTime(record.kubeEvent.time, arrival);
}

const WHOLE_SECOND = /^[^.]*$/;

/** The moments that a written time can mean; a whole second (`lastTimestamp`, metav1.Time) is some moment within it. */
export function eventMoment(written: string): EventMoment | undefined {
  // Of each Event it is asked for twice, one time behind the other.
  if (written === lastRead.written) return lastRead.moment;
  const earliest = parseTimestamp(written);
  const latest = earliest !== undefined && WHOLE_SECOND.test(written) ? earliest + 999 : earliest;
  const moment = earliest === undefined || latest === undefined ? undefined : { earliest, latest };
  lastRead = { written, moment };
  return moment;
}

interface EventMoment {
  readonly earliest: number;
  readonly latest: number;
}

let lastRead: { readonly written: string; readonly moment: EventMoment | undefined } = { written: "", moment: undefined };

/**
 * Of the moments that a written time can mean, the one nearest to the arrival is taken: an Event that came 300 ms after its cause
 * then stands behind it, not before the second began. Never later than the arrival, whatever the node's clock says.
 */
export function kubeEventTime(written: string | undefined, arrival: number): number {
  const moment = eventMoment(written ?? "");
  return moment === undefined ? arrival : Math.min(moment.latest, arrival);
}

/**
 * What a Kubernetes Event's row holds beside its `time`, which is the Event's own moment or the arrival: the other one of the
 * two. Positive for an arrival behind the Event's moment, negative for a moment behind the arrival. Undefined for what has no
 * time of its own.
 */
export function besideEvent(record: ObjectRecord, time: number): number | undefined {
  if (record.kubeEvent === undefined || record.change === "DELETED") return undefined;
  const moment = eventMoment(record.kubeEvent.time ?? "");
  if (moment === undefined) return undefined;
  const arrival = isoMs(record.at);
  return moment.latest <= arrival ? Math.max(0, arrival - time) : time - moment.latest;
}

/** The time of one log line: its own, else that of the line before it (`stream.latest`), else its arrival. */
export function lineTime(timestamp: string | undefined, stream: RunningTime, arrival: number): number {
  return instantTime(timestamp === undefined ? undefined : parseTimestamp(timestamp), stream, arrival);
}

function instantTime(own: number | undefined, stream: RunningTime, arrival: number): number {
  if (own !== undefined) return advance(stream, own);
  return stream.latest === Number.NEGATIVE_INFINITY ? advance(stream, arrival) : stream.latest;
}

export interface MeasuredBlock {
  /** Time of the first line. */
  readonly time: number;
  readonly lines: number;
  /** True when the first line bears a time. */
  readonly isDated: boolean;
  /** The lines that a story tells: how many, and the times of the first and the last; `undefined` when it tells none. */
  readonly told: { readonly lines: number; readonly from: number; readonly to: number } | undefined;
}

/** Moves the stream over all lines of a block; returns the time of the first one, and how many there are. */
export function measureBlock(record: LogRecord, stream: RunningTime, chooses?: ChoosesLine): MeasuredBlock {
  const arrival = isoMs(record.at);
  let [told, from, to] = [0, 0, 0];
  let first: number | undefined;
  let isDated = false;
  let lines = 0;
  for (let start = 0; start <= record.text.length;) {
    const newline = record.text.indexOf("\n", start);
    const end = newline === -1 ? record.text.length : newline;
    const own = lineInstantAt(record.text, start, end);
    const time = instantTime(own, stream, arrival);
    if (chooses === undefined || chooses(messageOf(record, start, end))) {
      if (told === 0) from = time;
      to = time;
      told++;
    }
    if (first === undefined) isDated = own !== undefined;
    first ??= time;
    lines++;
    start = end + 1;
  }
  return { time: first ?? advance(stream, arrival), lines, isDated, told: told === 0 ? undefined : { lines: told, from, to } };
}

function messageOf({ text, encoding }: LogRecord, start: number, end: number): string {
  return textOfLine(splitLogLine(text.slice(start, end)).message, encoding);
}
