/**
 * A story in one pass, reduced to what fits one screen: how the pods went, who owns whom, how often what happened, and the
 * events that a summary can be told from. Memory grows with the objects of the story, not with its log lines.
 */
import { field, listField, textField } from "../base/index.ts";
import type { LogEvent, ObjectEvent, StoryDocument, StoryEvent } from "../story/index.ts";
import { isTrouble, quietLineOf } from "./event-filter.ts";
import { type PodHistory, PodPhases } from "./pod-phases.ts";
import type { EventText, StoryReader } from "./story-reader.ts";

export interface StoryOverview {
  /** The story without the log lines and object fields that no summary uses. */
  readonly essence: StoryDocument;
  readonly pods: readonly PodHistory[];
  /** uid of an object → uid of its controller. */
  readonly owners: ReadonlyMap<string, string>;
  readonly counts: ReadonlyMap<string, number>;
  /** How many events are trouble, log lines included. */
  readonly troubles: number;
}

/** Of each container instance these log lines are kept: the last, and the last that sounds like trouble. */
interface LastLines {
  last: () => LogEvent;
  trouble: LogEvent | undefined;
}

export async function overviewOf(story: StoryReader): Promise<StoryOverview> {
  const phases = new PodPhases();
  const owners = new Map<string, string>();
  const counts = new Map<string, number>();
  const lastLines = new Map<string, LastLines>();
  const kept: StoryEvent[] = [];
  let troubles = 0;
  for await (const batch of story.texts()) {
    for (const text of batch) {
      const type = text.type ?? text.event().event_type;
      counts.set(type, (counts.get(type) ?? 0) + 1);
      if (type === "CONTAINER_LOG" && noteQuietLine(lastLines, text)) continue;
      const event = text.event();
      const isBad = isTrouble(event);
      if (isBad) troubles++;
      phases.accept(event);
      if (event.event_type === "CONTAINER_LOG") noteLine(lastLines, event, isBad);
      else {
        if (isObject(event)) noteOwner(owners, event);
        kept.push(isObject(event) ? essential(event) : event);
      }
    }
  }
  const lines = [...lastLines.values()].flatMap(({ last, trouble }) => {
    const event = last();
    return trouble === undefined || trouble === event ? [event] : [trouble, event];
  });
  const events = [...kept, ...lines].toSorted((a, b) =>
    a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : a.seq - b.seq,
  );
  const essence = {
    schema_version: "1",
    metadata: story.metadata,
    coverage: story.coverage,
    objects: story.objects,
    events,
  } as const;
  return { essence, pods: phases.pods(), owners, counts, troubles };
}

function noteLine(lines: Map<string, LastLines>, event: LogEvent, isBad: boolean): void {
  if (event.data.message.trim() === "") return;
  const key =
    event.data.container_id === "" ? `${event.uid}/${event.data.container}/${event.data.restart_count}` : event.data.container_id;
  const known = lines.get(key);
  if (known === undefined) lines.set(key, { last: () => event, trouble: isBad ? event : undefined });
  else {
    known.last = () => event;
    if (isBad) known.trouble = event;
  }
}

/** Notes a line without parsing it. @returns false when it has to be parsed */
function noteQuietLine(lines: Map<string, LastLines>, { bytes }: EventText): boolean {
  const text = bytes.toString("latin1");
  const key = quietLineOf(text);
  if (key === undefined) return false;
  // A string: the bytes would keep the megabyte that they are a part of.
  const last = (): LogEvent => JSON.parse(Buffer.from(text, "latin1").toString("utf8"));
  const known = lines.get(key);
  if (known === undefined) lines.set(key, { last, trouble: undefined });
  else known.last = last;
  return true;
}

function noteOwner(owners: Map<string, string>, event: ObjectEvent): void {
  const references = listField(field(event.data, "metadata"), "ownerReferences");
  const owner = references.find((reference) => field(reference, "controller") === true) ?? references[0];
  const uid = textField(owner, "uid");
  if (uid !== undefined) owners.set(event.uid, uid);
}

function isObject(event: StoryEvent): event is ObjectEvent {
  return event.event_type === "RESOURCE_UPDATE" || event.event_type === "CORRELATED_EVENT" || event.event_type === "K8S_EVENT";
}

/** The fields of an object that a summary reads. */
function essential(event: ObjectEvent): ObjectEvent {
  const { data } = event;
  if (event.event_type === "K8S_EVENT") {
    return {
      ...event,
      data: pick(data, ["reason", "type", "message", "note", "count", "series", "involvedObject", "regarding"]),
    };
  }
  if (event.event_type === "CORRELATED_EVENT") return { ...event, data: {} };
  return {
    ...event,
    data: { metadata: { generation: field(data["metadata"], "generation") }, ...pick(data, ["spec", "status"]) },
  };
}

function pick(value: Readonly<Record<string, unknown>>, keys: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(keys.flatMap((key) => (Object.hasOwn(value, key) ? [[key, value[key]]] : [])));
}
