/** Where the stories are: the last thing a recording prints. */
import type { CaptureResult, WrittenStory } from "../../capture/index.ts";
import { renderColumns } from "./columns.ts";

/** For standard output: path, events, verdict. Empty when there is no story. */
export function renderStories(stories: readonly WrittenStory[]): string {
  if (stories.length === 0) return "";
  return renderColumns([
    ["STORY", "EVENTS", "VERDICT"],
    ...stories.map((story) => [story.file, String(story.events), story.verdict]),
  ]);
}

/** For standard error: what is missing, and that nothing matched if so. */
export function renderOutcome(result: CaptureResult): string {
  const lines = result.stories.length === 0 ? ["no story was written: nothing matched while Faro was recording"] : [];
  const word = result.outcome === "complete" ? "note" : result.outcome;
  return [...lines, ...result.reasons.map((reason) => `${word}: ${reason}`)].map((line) => `${line}\n`).join("");
}
