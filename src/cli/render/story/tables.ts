/** Stories, objects and gaps as tables. */
import type { CoverageGap, StoryCoverage, StoryObject } from "../../../story/index.ts";
import { type StoryReader, titleOf } from "../../../views/index.ts";
import { renderColumns, renderFitting } from "../columns.ts";
import { type Look, paint, paintObject } from "./paint.ts";
import { clockTime, sinceStart, span } from "./times.ts";

/** What `list` tells of a story, for programs. */
export function storyRow({ metadata, coverage, path }: StoryReader): Readonly<Record<string, unknown>> {
  return { ...metadata, verdict: coverage.verdict, file: path };
}

/** Who asks for the wide form gets it on a narrow screen, too. */
export function renderStoryList(stories: readonly StoryReader[], look: Look, isWide: boolean): string {
  const rows = stories.map(({ metadata, coverage, path }) => [
    titleOf({ resource_type: metadata.resource_type, name: metadata.resource_name }),
    metadata.namespace || "-",
    clockTime(metadata.start_time),
    span(metadata.start_time, metadata.end_time),
    String(metadata.event_count),
    metadata.state === "open" ? "open" : (metadata.completed_because ?? "completed"),
    coverage.verdict,
    ...(isWide ? [metadata.correlation_id, path] : []),
  ]);
  const heading = ["STORY", "NAMESPACE", "START", "LENGTH", "EVENTS", "STATE", "VERDICT", ...(isWide ? ["ID", "FILE"] : [])];
  return isWide ? renderColumns([heading, ...rows]) : renderFitting([heading, ...rows], look, ["EVENTS", "LENGTH", "NAMESPACE"]);
}

export function objectRows(objects: readonly StoryObject[]): readonly { readonly title: string; readonly object: StoryObject }[] {
  return objects.map((object) => ({ title: titleOf(object), object }));
}

export function renderObjects({ objects, metadata }: Told, look: Look, isWide: boolean): string {
  const isScreen = look.columns !== undefined && !isWide;
  const rows = objectRows(objects).map(({ title, object }) => [
    object.uid.slice(0, 8),
    title,
    object.namespace || "-",
    isScreen ? sinceStart(object.first_seen, metadata) : clockTime(object.first_seen),
    span(object.first_seen, object.last_seen),
    isScreen ? object.relation.replace(/ \(uid [^)]*\)/, "") : object.relation,
    ...(isWide ? [object.resource_type, object.uid] : []),
  ]);
  const heading = ["ID", "OBJECT", "NAMESPACE", "FIRST SEEN", "FOR", "WHY IT BELONGS", ...(isWide ? ["TYPE", "UID"] : [])];
  if (isWide) return renderColumns([heading, ...rows]);
  const [first = "", ...lines] = renderFitting([heading, ...rows], look, ["NAMESPACE", "FOR"]).split("\n");
  const titles = objects.map(titleOf);
  return [first, ...lines.map((line, at) => line.replace(titles[at] ?? "", (title) => paintObject(look, title)))].join("\n");
}

/** What a table of objects is made of. */
type Told = Pick<StoryReader, "objects" | "metadata">;

export function gapRows(coverage: StoryCoverage): readonly CoverageGap[] {
  return coverage.gaps;
}

/** The verdict and its reasons, then every gap, then every log that is not whole. */
export function renderGaps(coverage: StoryCoverage, time: (iso: string) => string, look: Look): string {
  const reasons = coverage.reasons.map((reason) => `  ${reason}\n`).join("");
  const gaps = coverage.gaps.map((gap) => [
    gap.gap,
    gap.scope,
    gap.cause,
    time(gap.from),
    gap.to === null ? "still open" : span(gap.from, gap.to),
    gap.repaired,
    gap.possible_loss ? "yes" : "no",
    gap.detail ?? "",
  ]);
  const logs = coverage.logs
    .filter(({ outcome }) => outcome !== "complete")
    .map(({ pod, container, outcome, lines, reason }) => [`${pod}/${container}`, outcome, String(lines), reason]);
  return [
    `${paint(look, coverage.verdict === "complete" ? "good" : "warn", coverage.verdict)}\n${reasons}`,
    ...(gaps.length === 0
      ? ["no gap\n"]
      : [renderColumns([["GAP", "SCOPE", "CAUSE", "FROM", "FOR", "REPAIRED", "MAY BE MISSING", "DETAIL"], ...gaps])]),
    ...(logs.length === 0 ? [] : [renderColumns([["LOG", "OUTCOME", "LINES", "WHY"], ...logs])]),
  ].join("\n");
}
