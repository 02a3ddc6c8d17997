/** Records → stories: the ordered account of one workload, as the JSON file that people and programs read. */
export { STORY_SCHEMA_VERSION } from "./document.ts";
export type {
  ChangedBy,
  CoverageGap,
  CoveredLog,
  CoveredScope,
  FieldChange,
  GapEvent,
  LifecycleEvent,
  LogEvent,
  ObjectEvent,
  ReconstructedEntry,
  RelatedInterval,
  StoryCoverage,
  StoryDocument,
  StoryEvent,
  StoryMetadata,
  StoryObject,
  Verdict,
} from "./document.ts";
export { checkStoryPart, type StoryPart, storyJsonSchema } from "./schema.ts";
export { type StoryFileOptions, writeStoryFile, type WrittenStoryFile } from "./story-file.ts";
export { StoryIndex, type StoryState } from "./story-index.ts";
export type { StorySink, StorySummary, WriteStoryOptions } from "./write-story.ts";
