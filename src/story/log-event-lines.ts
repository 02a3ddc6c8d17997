/**
 * The lines of one log block as events of a story. There are more of them than of everything else, and what the lines of a
 * block share, which is most of what an event says, is turned into JSON once.
 */
import { isUtf8 } from "node:buffer";
import { isoTime } from "../base/index.ts";
import { type ContainerInstance, type LogRecord, textOfLine } from "../record/index.ts";
import type { LogEvent } from "./document.ts";
import { adjustment, type EventLine, type EventPlace } from "./event-line.ts";
import type { SeenLine, Writer } from "./overview/seen.ts";

/** A line of a block, taken apart. */
export interface TimedLine {
  /** Place in its block, from 0. */
  readonly index: number;
  readonly time: number;
  readonly timestamp: string | undefined;
  readonly message: string;
  readonly isLast: boolean;
}

/** Writes one event after another, in the order of `LogEvent`'s keys. */
export class LogEventLines {
  readonly #record: LogRecord;
  readonly #toTime: string;
  readonly #toStamp: string;
  readonly #toSeq: string;
  readonly #end: string;
  readonly #by: Writer;

  constructor(record: LogRecord, instance: ContainerInstance, place: Pick<EventPlace, "story" | "adjusted">) {
    const { namespace, pod, container, containerId, restartCount, podUid } = instance;
    this.#record = record;
    this.#by = { uid: podUid, container, container_id: containerId };
    const head = { event_type: "CONTAINER_LOG", source_component: `${pod}/${container}` };
    const data = { pod, container, container_id: containerId, restart_count: restartCount } satisfies Partial<LogEvent["data"]>;
    const about = { namespace, resource: "Pod", action: "log", name: pod, uid: podUid };
    const arrival = { received_at: record.at, observed_by: "log", synthetic: false, ...adjustment(place) };
    this.#toTime = `{${members({ correlation_id: place.story })},"timestamp":"`;
    this.#toStamp = `",${members(head)},"data":{${members(data)},"timestamp":`;
    this.#toSeq = `},${members(about)},"seq":`;
    this.#end = `,${members(arrival)}}`;
  }

  line({ index, time, timestamp, message, isLast }: TimedLine): EventLine {
    const { seq, encoding, unterminated, continues } = this.#record;
    const head =
      `${this.#toTime}${isoTime(Math.floor(time))}${this.#toStamp}${JSON.stringify(timestamp ?? "")},` +
      messageMembers(message, encoding) +
      (unterminated === true && isLast ? `,"unterminated":true` : "") +
      (continues === true && isLast ? `,"continues":true` : "") +
      `${this.#toSeq}${seq + index}${this.#end}`;
    return { head, raw: undefined, tail: "", seen: seen(head, this.#by, textOfLine(message, encoding)) };
  }
}

/** Its event is parsed from its text, for one that is kept must not keep the block that `message` is a part of. */
function seen(text: string, by: Writer, message: string): SeenLine {
  return { event_type: "CONTAINER_LOG", by, message, event: eventOf(text) };
}

function eventOf(text: string): () => LogEvent {
  return () => JSON.parse(text);
}

/** The members of an object as JSON, without its braces. */
function members(object: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(object).slice(1, -1);
}

/** A block of bytes that are no UTF-8 as a whole may hold lines that are. */
function messageMembers(text: string, encoding: LogRecord["encoding"]): string {
  if (encoding === "utf8") return `"message":${JSON.stringify(text)}`;
  const bytes = Buffer.from(text, "latin1");
  const message = `"message":${JSON.stringify(bytes.toString("utf8"))}`;
  return isUtf8(bytes) ? message : `${message},"message_base64":${JSON.stringify(bytes.toString("base64"))}`;
}
