/** The overview of a story: as its file has it, or folded from the events of a file that an older Faro wrote. */
import { Overview, seenEvent, type StoryOverview } from "../story/index.ts";
import type { StoryReader } from "./story-reader.ts";

export async function overviewOf(story: StoryReader): Promise<StoryOverview> {
  const told = await story.overview();
  if (told !== undefined) return told;
  const overview = new Overview();
  for await (const event of story.events()) overview.accept(seenEvent(event));
  return overview.describe();
}
