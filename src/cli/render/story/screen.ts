/** One screen of a story: what it is, whether it is whole, who appears, how the pods went, what mattered. */
import type { StoryCoverage, StoryDocument, StoryEvent, StoryOverview } from "../../../story/index.ts";
import { kindOf } from "../../../views/index.ts";
import { findingLine } from "../digest.ts";
import { renderTree } from "./owner-tree.ts";
import { fit, type Look, paint, room, wrap } from "./paint.ts";
import { renderPodBars } from "./pod-bars.ts";
import { clockTime, span } from "./times.ts";

/** A story and what its overview says. */
export interface Screen {
  readonly story: Pick<StoryDocument, "metadata" | "coverage" | "objects">;
  readonly overview: StoryOverview;
}

export function renderScreen({ story, overview }: Screen, look: Look): string {
  const { metadata, objects, coverage } = story;
  const { pods, owners, happened } = overview;
  const window = { from: Date.parse(metadata.start_time), to: Date.parse(metadata.end_time) };
  const heading = (text: string): string => `\n${paint(look, "bold", text)}\n`;
  return [
    renderTitle({ story, overview }, look),
    heading("What happened"),
    ...happened.map((one) => renderFinding(`  ${findingLine(one)}`, look)),
    ...(pods.length === 0 ? [] : [heading("Pods"), renderPodBars(pods, window, look)]),
    heading("Objects"),
    renderTree(objects, owners, look),
    ...renderReasons(coverage, look),
  ].join("");
}

/** The same for programs. */
export function screenValue({ story, overview }: Screen): Readonly<Record<string, unknown>> {
  const { metadata, coverage, objects } = story;
  const { owners, ...rest } = overview;
  return {
    ...metadata,
    verdict: coverage.verdict,
    reasons: coverage.reasons,
    ...rest,
    objects: objects.map((object) => ({ ...object, owner: owners[object.uid] })),
  };
}

/** A time and a sentence; the sentence is what somebody came for, so it is wrapped and not cut. */
export function renderFinding(line: string, look: Look): string {
  // Spaces, `10:00:04.902` and two more.
  const [time = ""] = /^ *\S+ {2}/.exec(line) ?? [];
  const [first = "", ...rest] = wrap(line.slice(time.length), room(look, time.length + 1));
  return [`${paint(look, "dim", time)}${first}\n`, ...rest.map((more) => `${" ".repeat(time.length)}${more}\n`)].join("");
}

function renderTitle({ story, overview }: Screen, look: Look): string {
  const { metadata, coverage } = story;
  const { events_by_type: counts, troubles } = overview;
  const kind = kindOf(metadata.resource_type);
  const place = metadata.namespace === "" ? "" : ` in ${metadata.namespace}`;
  const verdict =
    coverage.verdict === "complete"
      ? paint(look, "good", "complete: nothing missing")
      : paint(look, "warn", "incomplete: see below, and faro story gaps");
  const told = COUNTED.flatMap(([type, one, many]) => {
    const count = counts[type] ?? 0;
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

const COUNTED: readonly (readonly [StoryEvent["event_type"], string, string])[] = [
  ["RESOURCE_UPDATE", "version of it", "versions of it"],
  ["CORRELATED_EVENT", "of other objects", "of other objects"],
  ["K8S_EVENT", "Event", "Events"],
  ["POD_LIFECYCLE", "transition", "transitions"],
  ["CONTAINER_LOG", "log line", "log lines"],
];

function renderReasons({ reasons }: StoryCoverage, look: Look): readonly string[] {
  if (reasons.length === 0) return [];
  return [`\n${paint(look, "bold", "What may be missing")}\n`, ...reasons.map((reason) => `  ${fit(reason, room(look, 3))}\n`)];
}
