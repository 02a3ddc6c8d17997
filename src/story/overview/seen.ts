/** The events of a story as its overview sees them: what it looks at in most of them, and a way to the rest. */
import { field, textField } from "../../base/index.ts";
import type { GapEvent, LifecycleEvent, LogEvent, ObjectEvent, StoryEvent } from "../document.ts";

export type SeenEvent = SeenObject | SeenKubeEvent | LifecycleEvent | GapEvent | SeenLine;

/** A version of the root, or of another object. */
export interface SeenObject extends Pick<
  ObjectEvent,
  "timestamp" | "action" | "resource" | "name" | "uid" | "seq" | "data" | "changes"
> {
  readonly event_type: "RESOURCE_UPDATE" | "CORRELATED_EVENT";
}

export interface SeenKubeEvent extends Pick<ObjectEvent, "timestamp" | "source_component" | "seq"> {
  readonly event_type: "K8S_EVENT";
  readonly reason: string;
  /** uid of the object that it is about. */
  readonly involved: string;
  /** What it warns of; `undefined` when it is no warning. */
  readonly warning: () => string | undefined;
}

/** A log line, whose event is made when somebody asks: of most lines nobody does. */
export interface SeenLine {
  readonly event_type: "CONTAINER_LOG";
  /** Who wrote it; lines of one block share it. */
  readonly by: Writer;
  readonly message: string;
  readonly event: () => LogEvent;
}

export interface Writer {
  readonly uid: string;
  readonly container: string;
  readonly container_id: string;
}

/** Ids that stay the same as long as the recording does: `e1042`. */
export function eventId({ seq }: Pick<StoryEvent, "seq">): string {
  return `e${seq}`;
}

/** An event as a story file has it. */
export function seenEvent(event: StoryEvent): SeenEvent {
  switch (event.event_type) {
    case "CONTAINER_LOG": {
      const { container, container_id, message } = event.data;
      return { event_type: "CONTAINER_LOG", by: { uid: event.uid, container, container_id }, message, event: () => event };
    }
    case "K8S_EVENT": {
      const { timestamp, source_component, seq, data } = event;
      const involved = textField(field(data, "involvedObject") ?? field(data, "regarding"), "uid") ?? "";
      const reason = textField(data, "reason") ?? "";
      return { event_type: "K8S_EVENT", timestamp, source_component, seq, reason, involved, warning: () => warningOf(data) };
    }
    case "RESOURCE_UPDATE":
    case "CORRELATED_EVENT":
      return { ...event, event_type: event.event_type };
    default:
      return event;
  }
}

/** The message of a Kubernetes Event that is a warning. */
export function warningOf(data: unknown): string | undefined {
  if (textField(data, "type") !== "Warning") return undefined;
  return textField(data, "message") ?? textField(data, "note") ?? "";
}
