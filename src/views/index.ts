/** Stories as somebody reads them: opened, searched, looked at. */
export { describeEvent, type EventLine, nameOf, oneLine } from "./describe-event.ts";
export { type EventSelection, type EventType } from "./event-filter.ts";
export { type DiffLine, diffLines } from "./line-diff.ts";
export { findObject, type MeantObject, versionAt, versionsOf } from "./object-versions.ts";
export { openRecording } from "./open-recording.ts";
export { kindOf, titleOf } from "./object-title.ts";
export { chooseStory, type Located, locateStories, readStories } from "./story-locator.ts";
export { overviewOf } from "./story-overview.ts";
export { type StoryProblem, validateStory } from "./validate-story.ts";
export { type EventText, readStory, type StoryReader } from "./story-reader.ts";
export { storyRecords } from "./story-records.ts";
