/** One screen of a story: what it is, whether it is whole, who appears, how the pods went, what mattered. */
import { isoTime } from "../../../base/index.ts";
import { eventId, kindOf, type StoryOverview } from "../../../views/index.ts";
import { digestStory, whatMattered } from "../digest.ts";
import { renderTree } from "./owner-tree.ts";
import { fit, type Look, paint, room, wrap } from "./paint.ts";
import { renderPodBars } from "./pod-bars.ts";
import { clockTime, span } from "./times.ts";

export function renderScreen(overview: StoryOverview, look: Look): string {
  const { essence, pods, owners } = overview;
  const { metadata, objects } = essence;
  const window = { from: Date.parse(metadata.start_time), to: Date.parse(metadata.end_time) };
  const findings = digestStory(essence).slice(0, -1);
  const heading = (text: string): string => `\n${paint(look, "bold", text)}\n`;
  return [
    renderTitle(overview, look),
    heading("What happened"),
    ...findings.map((line) => renderFinding(`  ${line}`, look)),
    ...(pods.length === 0 ? [] : [heading("Pods"), renderPodBars(pods, window, look)]),
    heading("Objects"),
    renderTree(objects, owners, look),
    ...renderReasons(overview, look),
  ].join("");
}

/** The same for programs. */
export function screenValue({ essence, pods, owners, counts, troubles }: StoryOverview): Readonly<Record<string, unknown>> {
  const { metadata, coverage, objects } = essence;
  return {
    ...metadata,
    verdict: coverage.verdict,
    reasons: coverage.reasons,
    events_by_type: Object.fromEntries(counts),
    troubles,
    happened: whatMattered(essence).map(({ event, text }) => ({ id: eventId(event), timestamp: event.timestamp, what: text })),
    pods: pods.map(({ uid, name, restarts, phases }) => ({
      uid,
      name,
      restarts,
      phases: phases.map(({ at, phase }) => ({ from: isoTime(at), phase })),
    })),
    objects: objects.map((object) => ({ ...object, owner: owners.get(object.uid) })),
  };
}

/** A time and a sentence; the sentence is what somebody came for, so it is wrapped and not cut. */
export function renderFinding(line: string, look: Look): string {
  // Spaces, `10:00:04.902` and two more.
  const [time = ""] = /^ *\S+ {2}/.exec(line) ?? [];
  const [first = "", ...rest] = wrap(line.slice(time.length), room(look, time.length + 1));
  return [`${paint(look, "dim", time)}${first}\n`, ...rest.map((more) => `${" ".repeat(time.length)}${more}\n`)].join("");
}

function renderTitle({ essence, counts, troubles }: StoryOverview, look: Look): string {
  const { metadata, coverage } = essence;
  const kind = kindOf(metadata.resource_type);
  const place = metadata.namespace === "" ? "" : ` in ${metadata.namespace}`;
  const verdict =
    coverage.verdict === "complete"
      ? paint(look, "good", "complete: nothing missing")
      : paint(look, "warn", "incomplete: see below, and faro story gaps");
  const told = COUNTED.flatMap(([type, one, many]) => {
    const count = counts.get(type) ?? 0;
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
  });
  const bad =
    troubles === 0
      ? ""
      : `${paint(look, "bad", `${troubles} ${troubles === 1 ? "looks" : "look"} like trouble`)}: faro story timeline --errors`;
  const title = paint(look, "bold", `${kind}/${metadata.resource_name}`);
  const when = `${clockTime(metadata.start_time)} UTC, for ${span(metadata.start_time, metadata.end_time)}`;
  return [
    `${title}${place}   ${when}
`,
    `${verdict}\n`,
    `${told.join(", ")}\n`,
    ...(bad === "" ? [] : [`${bad}\n`]),
  ].join("");
}

const COUNTED: readonly (readonly [string, string, string])[] = [
  ["RESOURCE_UPDATE", "version of it", "versions of it"],
  ["CORRELATED_EVENT", "of other objects", "of other objects"],
  ["K8S_EVENT", "Event", "Events"],
  ["POD_LIFECYCLE", "transition", "transitions"],
  ["CONTAINER_LOG", "log line", "log lines"],
];

function renderReasons({ essence }: StoryOverview, look: Look): readonly string[] {
  const { reasons } = essence.coverage;
  if (reasons.length === 0) return [];
  return [`\n${paint(look, "bold", "What may be missing")}\n`, ...reasons.map((reason) => `  ${fit(reason, room(look, 3))}\n`)];
}
