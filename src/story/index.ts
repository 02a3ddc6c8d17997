/** Records → stories: the ordered account of one workload, as the JSON file that people and programs read. */
export { POD_PHASES, STORY_SCHEMA_VERSION } from "./document.ts";
export type {
  ChangedBy,
  CoverageGap,
  CoveredLog,
  CoveredScope,
  FieldChange,
  GapEvent,
  Happening,
  LifecycleEvent,
  LogEvent,
  ObjectEvent,
  PodHistory,
  PodPhase,
  ReconstructedEntry,
  RelatedInterval,
  StoryCoverage,
  StoryDocument,
  StoryEvent,
  StoryMetadata,
  StoryObject,
  StoryOverview,
  Verdict,
} from "./document.ts";
export { describeChanges } from "./overview/describe-changes.ts";
export { Overview } from "./overview/overview.ts";
export { imagesOf } from "./overview/root-changes.ts";
export { eventId, seenEvent } from "./overview/seen.ts";
export { isTrouble } from "./overview/trouble.ts";
export { checkStoryPart, type StoryPart, storyJsonSchema } from "./schema.ts";
export { StoryFiles, type StoryFilesOptions, type ToldStory, writeStoryFile, type WrittenStoryFile } from "./story-file.ts";
export { StoryIndex, type StoryIndexState, type StoryState } from "./story-index.ts";
export type { StorySink } from "./text-buffer.ts";
export type { StorySummary, WriteStoryOptions } from "./write-story.ts";
