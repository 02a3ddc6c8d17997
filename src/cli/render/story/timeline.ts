/** Events as lines: when, which, to whom, what. */
import { eventId, isTrouble, type StoryEvent, type StoryMetadata } from "../../../story/index.ts";
import { describeEvent } from "../../../views/index.ts";
import { fit, fitMiddle, type Look, paint, paintObject, room } from "./paint.ts";
import { sinceStart, timeWidth } from "./times.ts";

const ID_WIDTH = 7;
const SUBJECT_WIDTH = { least: 24, most: 44, inPipe: 28 } as const;

/** What an event is, in four letters. */
const MARKS: Readonly<Record<StoryEvent["event_type"], string>> = {
  RESOURCE_UPDATE: "obj ",
  CORRELATED_EVENT: "obj ",
  K8S_EVENT: "evt ",
  POD_LIFECYCLE: "pod ",
  CONTAINER_LOG: "log ",
  RECORDING_GAP: "gap ",
};

/** One line, ended. `wide` adds where the event was seen and its version. */
export function renderEvent(event: StoryEvent, story: StoryMetadata, look: Look, isWide = false): string {
  const { subject, text } = describeEvent(event);
  const time = look.columns === undefined ? event.timestamp : sinceStart(event.timestamp, story).padStart(timeWidth(story));
  const id = eventId(event).padEnd(ID_WIDTH);
  const extra = isWide ? `${event.observed_by.padEnd(8)}${(event.resource_version ?? "-").padEnd(9)}` : "";
  const subjectWidth = look.columns === undefined ? SUBJECT_WIDTH.inPipe : subjectWidthOn(look.columns);
  const shown = (look.columns === undefined ? subject : fitMiddle(subject, subjectWidth)).padEnd(subjectWidth);
  const used = time.length + 1 + id.length + 1 + 4 + extra.length + subjectWidth + 1;
  const what = fit(text, room(look, used + 1));
  const whom = paintObject(look, subject.replace(/\[.*$/, ""), shown);
  const mark = paint(look, "dim", MARKS[event.event_type]);
  return `${paint(look, "dim", time)} ${paint(look, "dim", id)} ${mark}${extra}${whom} ${paint(look, toneOf(event), what)}
`;
}

/** Names have three tenths of a screen. */
function subjectWidthOn(columns: number): number {
  return Math.min(SUBJECT_WIDTH.most, Math.max(SUBJECT_WIDTH.least, Math.floor(columns * 0.3)));
}

function toneOf(event: StoryEvent): "plain" | "bad" | "good" | "warn" {
  if (event.event_type === "RECORDING_GAP") return "warn";
  if (isTrouble(event)) return "bad";
  return event.event_type === "POD_LIFECYCLE" && (event.action === "ready" || event.action === "container-ready")
    ? "good"
    : "plain";
}
