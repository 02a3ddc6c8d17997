/**
 * Faro as a library: record workloads, read recordings, derive stories.
 *
 * ```ts
 * import { createApiClient, loadClusterConfig, startCapture, systemClock } from "faro";
 *
 * const config = await loadClusterConfig({}, { variables: process.env });
 * const client = createApiClient(config, { clock: systemClock, userAgent: "my-tool/1.0" });
 * const capture = await startCapture({ client, clock: systemClock, resources: [{ text: "deploy/my-app" }], … });
 * for await (const status of capture.status()) if (status.status === "story-written") console.log(status.file);
 * ```
 *
 * Whatever a person must act on is thrown as a `FaroError`. Nothing here writes to the terminal or ends the process.
 */
export { type Clock, ERROR_CODES, FaroError, type FaroErrorCode, systemClock } from "./base/index.ts";
export {
  type ApiClient,
  type ApiClientOptions,
  type ClusterConfig,
  type ConnectionEnvironment,
  type ConnectionFlags,
  createApiClient,
  loadClusterConfig,
} from "./cluster/index.ts";
export {
  type Capture,
  type CaptureCondition,
  type CaptureGauges,
  type CaptureOptions,
  type CaptureOutcome,
  type CapturePlan,
  type CaptureResult,
  type CaptureStatus,
  planCapture,
  type PlannedScope,
  type RebuildOptions,
  rebuildStories,
  type Related,
  type ResourceRequest,
  startCapture,
  type Until,
  type WrittenStory,
} from "./capture/index.ts";
export { type Damage, type ReadableRecording, type ReadOptions } from "./archive/index.ts";
export type { FaroRecord, Position, RecordAt, RecordingSource } from "./record/index.ts";
export {
  type EventSelection,
  type EventText,
  findObject,
  type MeantObject,
  openRecording,
  overviewOf,
  readStory,
  type StoryProblem,
  type StoryReader,
  validateStory,
  versionAt,
  versionsOf,
} from "./views/index.ts";
export { storyJsonSchema } from "./story/index.ts";
export type {
  CoverageGap,
  CoveredLog,
  CoveredScope,
  GapEvent,
  LifecycleEvent,
  LogEvent,
  ObjectEvent,
  PodHistory,
  StoryCoverage,
  StoryDocument,
  StoryEvent,
  StoryMetadata,
  StoryObject,
  StoryOverview,
} from "./story/index.ts";
