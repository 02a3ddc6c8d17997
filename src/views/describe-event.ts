/** One event in one line: to whom it happened, and what. The words of the cluster are kept as they are. */
import { field, textField, unreachable } from "../base/index.ts";
import {
  describeChanges,
  imagesOf,
  type GapEvent,
  type LifecycleEvent,
  type ObjectEvent,
  type StoryEvent,
} from "../story/index.ts";

export interface EventLine {
  /** `pod/web-5d8f-x2x9k`, `pod/web-5d8f-x2x9k[app]` for a container of it. */
  readonly subject: string;
  /** One line; control characters are escaped. */
  readonly text: string;
}

export function describeEvent(event: StoryEvent): EventLine {
  switch (event.event_type) {
    case "RESOURCE_UPDATE":
    case "CORRELATED_EVENT":
      return { subject: nameOf(event), text: oneLine(describeVersion(event)) };
    case "K8S_EVENT":
      return describeKubeEvent(event);
    case "POD_LIFECYCLE": {
      const { container } = event.data;
      return {
        subject: `${nameOf(event)}${container === undefined ? "" : `[${container}]`}`,
        text: oneLine(describeTransition(event)),
      };
    }
    case "CONTAINER_LOG":
      return { subject: `${nameOf(event)}[${event.data.container}]`, text: oneLine(event.data.message) };
    case "RECORDING_GAP":
      return { subject: "faro", text: oneLine(describeGap(event)) };
    default:
      return unreachable(event);
  }
}

/** `deployment/web`. */
export function nameOf({ resource, name }: Pick<StoryEvent, "resource" | "name">): string {
  return `${resource.toLowerCase()}/${name}`;
}

function describeVersion(event: ObjectEvent): string {
  if (event.action === "delete") return event.synthetic ? "gone: a list no longer shows it" : "deleted";
  if (event.action === "add") {
    const images = imagesOf(event.data);
    const replicas = field(field(event.data, "spec"), "replicas");
    return [
      event.observed_by === "list" ? "was there" : "created",
      ...(typeof replicas === "number" ? [`replicas ${replicas}`] : []),
      ...(images.length === 0 ? [] : [images.join(" ")]),
    ].join(", ");
  }
  const changes = describeChanges(event);
  if (changes !== undefined && changes !== "") return changes;
  return `version ${event.resource_version ?? "?"}${changes === "" ? ": nothing but times" : describeStatus(event.data)}`;
}

/** The counters that workloads have in common; nothing for kinds without them. */
function describeStatus(object: unknown): string {
  const status = field(object, "status");
  const parts = STATUS_COUNTERS.flatMap(([key, word]) => {
    const value = field(status, key);
    return typeof value === "number" ? [`${word} ${value}`] : [];
  });
  const phase = textField(status, "phase");
  const told = [...(phase === undefined ? [] : [phase]), ...parts];
  return told.length === 0 ? "" : `: ${told.join(", ")}`;
}

const STATUS_COUNTERS: readonly (readonly [string, string])[] = [
  ["replicas", "replicas"],
  ["updatedReplicas", "updated"],
  ["readyReplicas", "ready"],
  ["availableReplicas", "available"],
  ["active", "active"],
  ["succeeded", "succeeded"],
  ["failed", "failed"],
];

function describeKubeEvent(event: ObjectEvent): EventLine {
  const involved = field(event.data, "involvedObject") ?? field(event.data, "regarding");
  const kind = textField(involved, "kind") ?? "";
  const name = textField(involved, "name") ?? "";
  const container = /\{(.+)\}/.exec(textField(involved, "fieldPath") ?? "")?.[1];
  const message = textField(event.data, "message") ?? textField(event.data, "note") ?? "";
  const count = field(event.data, "count") ?? field(field(event.data, "series"), "count");
  const times = typeof count === "number" && count > 1 ? ` (×${count})` : "";
  const gone = event.action === "delete" ? " (the Event expired)" : "";
  return {
    subject: `${kind.toLowerCase()}/${name}${container === undefined ? "" : `[${container}]`}`,
    text: oneLine(`${textField(event.data, "reason") ?? "?"}: ${message}${times}${gone}`),
  };
}

function describeTransition({ action, data }: LifecycleEvent): string {
  const why = [data.reason, data.message].filter((part) => part !== undefined && part !== "").join(": ");
  switch (action) {
    case "scheduled":
      return `scheduled${data.node === undefined ? "" : ` to ${data.node}`}`;
    case "container-waiting":
      return `waits${why === "" ? "" : `: ${why}`}`;
    case "container-started":
      return `starts${(data.restart_count ?? 0) === 0 ? "" : ` (restart ${data.restart_count ?? 0})`}`;
    case "container-ready":
      return "is ready";
    case "container-terminated": {
      const code = data.exit_code === undefined ? "" : ` with code ${data.exit_code}`;
      const signal = data.signal === undefined ? "" : ` by signal ${data.signal}`;
      return `ends${code}${signal}${why === "" ? "" : ` (${why})`}`;
    }
    case "phase-changed":
      return `phase ${data.from ?? "?"} → ${data.to ?? "?"}${why === "" ? "" : ` (${why})`}`;
    default:
      return `${action.replaceAll("-", " ")}${why === "" ? "" : `: ${why}`}`;
  }
}

function describeGap({ action, data }: GapEvent): string {
  const detail = data.detail === undefined ? "" : ` (${data.detail})`;
  if (action === "opened") return `gap in ${data.scope} begins: ${data.cause}${detail}`;
  return `gap in ${data.scope} ends: ${data.cause}, ${data.possible_loss ? "something may be missing" : "nothing is missing"}`;
}

/** What would move the cursor or start a new line is shown escaped: logs may hold anything. */
export function oneLine(text: string): string {
  return text.replaceAll(
    CONTROL,
    (character) => ESCAPES[character] ?? `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`,
  );
}

// oxlint-disable-next-line no-control-regex -- these are what must not reach a terminal
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "  " };
