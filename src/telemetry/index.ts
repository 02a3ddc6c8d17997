/** What Faro tells about itself: log, metrics, health, statistics. It listens to a capture and never steers one. */
export { createLog, type Log, type LogFields, type LogLevel, type LogOptions } from "./log.ts";
export type { MemoryReading } from "./metrics.ts";
export { type ObservedCapture, Telemetry, type TelemetryOptions } from "./telemetry.ts";
export type { Counts } from "./counts.ts";
