/** Log lines and Kubernetes Events, one a line, as stern and kubectl show them. */
import { field, textField } from "../../../base/index.ts";
import type { LogEvent, ObjectEvent, StoryMetadata } from "../../../story/index.ts";
import { describeEvent, oneLine } from "../../../views/index.ts";
import { fit, fitMiddle, type Look, paint, paintObject, room, wrap } from "./paint.ts";
import { sinceStart, timeWidth } from "./times.ts";

/** Log lines are never cut: who looks for something must find it. Control characters are escaped. */
export function renderLogLine(event: LogEvent, look: Look, isWide: boolean): string {
  const { pod, container, message, restart_count: restarts, timestamp } = event.data;
  const source = `${pod}[${container}]${isWide && restarts > 0 ? `#${restarts}` : ""}`;
  const time = isWide ? `${timestamp === "" ? event.timestamp : timestamp} ` : "";
  return `${time}${paintObject(look, `pod/${pod}`, source)} ${oneLine(message)}
`;
}

const REASON_WIDTH = 22;
const SUBJECT_WIDTH = 36;
/** From this width on a message has room beside its subject. */
const BESIDE_COLUMNS = 140;
const MESSAGE_LINES_MAX = 4;

export function renderKubeEvent(event: ObjectEvent, story: StoryMetadata, look: Look): string {
  const { subject, text } = describeEvent(event);
  const reason = textField(event.data, "reason") ?? "";
  const isWarning = field(event.data, "type") === "Warning";
  const time = look.columns === undefined ? event.timestamp : sinceStart(event.timestamp, story).padStart(timeWidth(story));
  const message = text.startsWith(`${reason}: `) ? text.slice(reason.length + 2) : text;
  const kind = paint(look, isWarning ? "bad" : "plain", (textField(event.data, "type") ?? "").padEnd(8));
  const isBeside = look.columns === undefined || look.columns >= BESIDE_COLUMNS;
  const shown = isBeside ? subject.padEnd(SUBJECT_WIDTH) : fitMiddle(subject, room(look, time.length + 9 + REASON_WIDTH + 2));
  const about = paintObject(look, subject.replace(/\[.*$/, ""), shown);
  const head = `${paint(look, "dim", time)} ${kind}${reason.padEnd(REASON_WIDTH)} ${about}`;
  const used = time.length + 9 + REASON_WIDTH + 1 + Math.max(shown.length, SUBJECT_WIDTH) + 1;
  return isBeside ? `${head} ${fit(message, room(look, used + 1))}\n` : `${head}\n${below(message, time.length + 1, look)}`;
}

/** The message is what somebody came for: on a narrow screen it has lines of its own. */
function below(message: string, indent: number, look: Look): string {
  const lines = wrap(message, room(look, indent + 1));
  const shown = lines.slice(0, MESSAGE_LINES_MAX);
  const cut = lines.length > shown.length ? "…" : "";
  return shown.map((line, at) => `${" ".repeat(indent)}${line}${at === shown.length - 1 ? cut : ""}\n`).join("");
}
