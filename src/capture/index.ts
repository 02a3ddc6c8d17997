/** The running recorder: what to follow, lanes, supervision, orderly end. */
export { checkState } from "./check-state.ts";
export { planCapture, startCapture } from "./capture.ts";
export type {
  Capture,
  CaptureOptions,
  LogSelection,
  CaptureOutcome,
  CaptureResult,
  Related,
  ResourceRequest,
  Until,
  WrittenStory,
} from "./options.ts";
export type { CapturePlan, PlannedScope } from "./plan-types.ts";
export { rebuildStories, type RebuildOptions } from "./rebuild.ts";
export { verifyRecording, type VerifyReport } from "./verify.ts";
export type { CaptureCondition, CaptureGauges, CaptureStatus } from "./status.ts";
