/** The waist: the shape of one line of a recording. */
export {
  CHECKSUM_AT,
  CHECKSUM_DIGITS,
  decodeRecord,
  encodeRecord,
  LINE_START,
  prepareLine,
  type PreparedLine,
  writeLine,
} from "./codec.ts";
export { JsonWriter } from "./json-writer.ts";
export { LineMemory } from "./line-memory.ts";
export { type LogLine, parseTimestamp, splitLogLine, textOfLine } from "./log-text.ts";
export { offsetOf, type Position, positionOf, segmentOf } from "./position.ts";
export {
  type AttributionRecord,
  type Change,
  type CheckpointRecord,
  type CompletedBecause,
  type ContainerInstance,
  type ContainerKind,
  type CorrelationId,
  type FaroRecord,
  GAP_CAUSES,
  type GapCause,
  type GapRecord,
  type HeaderRecord,
  type IncidentRecord,
  type IsoTime,
  type KubeEventFacts,
  LIFECYCLE_ACTIONS,
  type LifecycleAction,
  type LifecycleRecord,
  type LogEndRecord,
  type LogRecord,
  type LogStreamRecord,
  type ObjectRecord,
  type ObjectRef,
  type ObservedBy,
  type OwnerRef,
  RECORDING_VERSION,
  type ResourceName,
  type RootSelection,
  type RelationRecord,
  type RunRecord,
  type ScopeCheckpoint,
  type ScopeId,
  type ScopeRecord,
  type SealRecord,
  type StoryRecord,
} from "./record.ts";
export {
  type LabelTerm,
  type NamedRelation,
  type ObjectRelations,
  referenceKey,
  type RelationType,
  type SelectingRelation,
} from "./relation.ts";
export type { RecordAt, RecordingSource } from "./recording-source.ts";
