/** Stories as somebody reads them: opened, searched, looked at. */
export { askedFor, describeChange } from "./describe-changes.ts";
export { describeEvent, eventId, type EventLine, nameOf, oneLine } from "./describe-event.ts";
export { type EventSelection, type EventType, isTrouble } from "./event-filter.ts";
export { type DiffLine, diffLines } from "./line-diff.ts";
export { findObject, type MeantObject, versionAt, versionsOf } from "./object-versions.ts";
export { openRecording } from "./open-recording.ts";
export { kindOf, titleOf } from "./object-title.ts";
export { type PhaseChange, POD_PHASES, type PodHistory, type PodPhase } from "./pod-phases.ts";
export { chooseStory, type Located, locateStories } from "./story-locator.ts";
export { overviewOf, type StoryOverview } from "./story-overview.ts";
export { type StoryProblem, validateStory } from "./validate-story.ts";
export { type EventText, readStory, type StoryReader } from "./story-reader.ts";
export { storyRecords } from "./story-records.ts";
