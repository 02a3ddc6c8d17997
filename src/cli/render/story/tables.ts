/** Stories, objects and gaps as tables. */
import type { CoverageGap, StoryCoverage, StoryObject } from "../../../story/index.ts";
import { type StoryReader, titleOf } from "../../../views/index.ts";
import { renderColumns } from "../columns.ts";
import { clockTime, span } from "./times.ts";

/** What `list` tells of a story, for programs. */
export function storyRow({ metadata, coverage, path }: StoryReader): Readonly<Record<string, unknown>> {
  return { ...metadata, verdict: coverage.verdict, file: path };
}

export function renderStoryList(stories: readonly StoryReader[], isWide: boolean): string {
  const rows = stories.map(({ metadata, coverage, path }) => [
    titleOf({ resource_type: metadata.resource_type, name: metadata.resource_name }),
    metadata.namespace || "-",
    clockTime(metadata.start_time),
    span(metadata.start_time, metadata.end_time),
    String(metadata.event_count),
    metadata.state === "open" ? "open" : `completed (${metadata.completed_because ?? ""})`,
    coverage.verdict,
    ...(isWide ? [metadata.correlation_id, path] : []),
  ]);
  return renderColumns([
    ["STORY", "NAMESPACE", "START", "LENGTH", "EVENTS", "STATE", "VERDICT", ...(isWide ? ["ID", "FILE"] : [])],
    ...rows,
  ]);
}

export function objectRows(objects: readonly StoryObject[]): readonly { readonly title: string; readonly object: StoryObject }[] {
  return objects.map((object) => ({ title: titleOf(object), object }));
}

export function renderObjects(objects: readonly StoryObject[], isWide: boolean): string {
  const rows = objectRows(objects).map(({ title, object }) => [
    object.uid.slice(0, 8),
    title,
    object.namespace || "-",
    clockTime(object.first_seen),
    span(object.first_seen, object.last_seen),
    object.relation,
    ...(isWide ? [object.resource_type, object.uid] : []),
  ]);
  return renderColumns([
    ["ID", "OBJECT", "NAMESPACE", "FIRST SEEN", "FOR", "WHY IT BELONGS", ...(isWide ? ["TYPE", "UID"] : [])],
    ...rows,
  ]);
}

export function gapRows(coverage: StoryCoverage): readonly CoverageGap[] {
  return coverage.gaps;
}

/** The verdict and its reasons, then every gap, then every log that is not whole. */
export function renderGaps(coverage: StoryCoverage, time: (iso: string) => string): string {
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
    `${coverage.verdict}\n${reasons}`,
    ...(gaps.length === 0
      ? ["no gap\n"]
      : [renderColumns([["GAP", "SCOPE", "CAUSE", "FROM", "FOR", "REPAIRED", "MAY BE MISSING", "DETAIL"], ...gaps])]),
    ...(logs.length === 0 ? [] : [renderColumns([["LOG", "OUTCOME", "LINES", "WHY"], ...logs])]),
  ].join("\n");
}
