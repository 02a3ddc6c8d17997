/** How the recorder works, and when it ends. */
import { duration, onOff, optionalChoice, optionalDuration, optionalWholeNumber, wholeNumber } from "../kinds-of-option.ts";
import type { OptionTable } from "../option-table.ts";
import type { RecordingValues } from "../option-values.ts";

export const RECORDING_OPTIONS: OptionTable<RecordingValues> = {
  workers: wholeNumber({
    flag: "workers",
    group: "Recording",
    help: "Lanes that process records at the same time; one object always stays in one lane.",
    example: "8",
    default: 5,
    min: 1,
    max: 1_024,
  }),
  bufferSize: wholeNumber({
    flag: "buffer-size",
    group: "Recording",
    help: "Records that each lane may hold; a full lane spills to disk.",
    example: "5000",
    default: 1_000,
    min: 1,
    max: 10_000_000,
  }),
  correlationTimeout: duration({
    flag: "correlation-timeout",
    group: "Recording",
    help: "A story to which nothing was added for so long is written; a later record opens it again.",
    example: "10m",
    default: 300_000,
  }),
  includeLogs: onOff({
    flag: "include-logs",
    group: "Recording",
    help: "Record container logs.",
    default: true,
  }),
  maxLogStreams: wholeNumber({
    flag: "max-log-streams",
    group: "Recording",
    help: "Log streams that are followed at the same time; further containers are read in turn.",
    example: "100",
    default: 50,
    min: 1,
    max: 10_000,
  }),
  since: optionalDuration({
    flag: "since",
    group: "Recording",
    help: "Of what containers wrote before Faro's start, only log lines no older than this.",
    example: "10m",
  }),
  tail: optionalWholeNumber({
    flag: "tail",
    group: "Recording",
    help: "Of each container that ran before Faro's start, only the last so many log lines of then.",
    example: "100",
    min: 0,
    max: 100_000_000,
  }),
  duration: optionalDuration({
    flag: "duration",
    group: "Recording",
    help: "Stop after so long.",
    example: "10m",
  }),
  until: optionalChoice({
    flag: "until",
    group: "Recording",
    help: "Stop when every root is ready, is deleted, or its story is complete.",
    example: "ready",
    of: ["ready", "deleted", "complete"],
  }),
  timeout: optionalDuration({
    flag: "timeout",
    group: "Recording",
    help: "With --until: give up after so long and exit with 124.",
    example: "15m",
  }),
};
