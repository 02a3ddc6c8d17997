/** Streams that come out of a cluster, never losing silently. */
export { LOG_DELAY_MS } from "./logs/connection.ts";
export { ContainerLog } from "./logs/container-log.ts";
export { containersOf, type ContainerSight, type InstanceSight, unseenContainersOf } from "./logs/instances.ts";
export { LineBlock } from "./logs/line-block.ts";
export type { LogInstance, LogItem } from "./logs/log-item.ts";
export type { TakesLog } from "./logs/log-sink.ts";
export type { ContainerLogOptions, LogStart, RecordedLog } from "./logs/reading.ts";
export { type RecordedBlock, RecordedTail, type RecordedTailState } from "./logs/recorded-tail.ts";
export { LogSlots } from "./logs/slots.ts";
export type { Stencil } from "./watch/repeats.ts";
export { type PlacedSlice, type Slice, SliceMemory } from "./watch/slices.ts";
export {
  type DegradedCause,
  type KnownVersion,
  type KnownVersions,
  scopeOf,
  versionKey,
  type WatchItem,
  type WatchTarget,
  type WireObject,
} from "./watch/watch-item.ts";
export { lookLast } from "./watch/last-look.ts";
export { identify, type ResumePoint } from "./watch/watch-line.ts";
export { watchResource, type WatchOptions } from "./watch/watcher.ts";
