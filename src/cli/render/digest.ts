/** The ten lines of a story that matter, and whether the recording is complete. */
import type { Happening, StoryDocument, StoryOverview } from "../../story/index.ts";

/** The last line is the verdict. */
export function digestStory(
  story: Pick<StoryDocument, "metadata" | "coverage" | "objects">,
  { happened }: StoryOverview,
): readonly string[] {
  return [...happened.map(findingLine), verdict(story)];
}

/** `10:00:04.902  what happened then`. */
export function findingLine({ timestamp, what }: Happening): string {
  return `${timestamp.slice(11, 23)}  ${what}`;
}

function verdict({ metadata, coverage, objects }: Pick<StoryDocument, "metadata" | "coverage" | "objects">): string {
  const facts = `${metadata.event_count} events of ${objects.length} objects, ${coverage.logs.length} container logs`;
  if (coverage.verdict === "complete") return `complete: ${facts}, nothing missing`;
  return `incomplete: ${facts}; ${coverage.reasons.join("; ") || "see coverage in the file"}`;
}
