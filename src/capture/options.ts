/** Everything a capture needs to know, already validated. `config/` makes it from flags, environment and file. */
import type { FileLayer, PackingOptions } from "../archive/index.ts";
import type { Clock, LinearPattern, LineChoice } from "../base/index.ts";
import type { ApiClient } from "../cluster/index.ts";
import type { CaptureCondition, CaptureGauges, CaptureStatus } from "./status.ts";

/** Which kinds are followed besides the roots. */
export type Related = "auto" | "owned" | "all" | "none" | readonly string[];

export type Until = "ready" | "deleted" | "complete";

export interface CaptureOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** What the user typed for `--resource` or as arguments: `apps/v1/Deployment`, `deploy`, `deploy/web`. */
  readonly resources: readonly ResourceRequest[];
  /** Exact names and globs for every requested resource; empty means all. */
  readonly names: readonly string[];
  /** Empty means all namespaces. */
  readonly namespaces: readonly string[];
  readonly selector: string;
  readonly related: Related;
  /** True: a kind that the cluster does not serve is an error instead of something to wait for. */
  readonly requireKinds: boolean;
  /** Directory of story files; the recording is in `recording/` below it. */
  readonly output: string;
  /** Where the segments of the recording are kept; the disk unless given. */
  readonly files?: FileLayer;
  readonly workers: number;
  /** Bound of each lane, in records. */
  readonly bufferSize: number;
  readonly correlationTimeoutMs: number;
  readonly includeLogs: boolean;
  readonly maxLogStreams: number;
  /** Every container and every line unless given. */
  readonly logs?: LogSelection;
  readonly durationMs?: number;
  readonly until?: Until;
  readonly timeoutMs?: number;
  /** How long an API server that cannot be reached at start is tried. */
  readonly connectTimeoutMs: number;
  readonly faroVersion: string;
  /** Bytes of records that may wait in memory while `files` has no room; 64 MB unless given. */
  readonly unwrittenBytesMax?: number;
  /** Bytes of records after which what is known is kept for the next start, at the soonest; 8 MB unless given. */
  readonly stateEveryBytes?: number;
  /** Rows of what is known that are put together in one turn of the event loop, for that; 256 unless given. */
  readonly stateRowsInPiece?: number;
  /** Length at which a segment of the recording ends; 256 MB unless given. */
  readonly segmentBytesMax?: number;
  /** Which finished segments are packed, and how; those of 4 MB and more unless given. */
  readonly packing?: Pick<PackingOptions, "bytesMin" | "gzip">;
}

/** Which containers' logs are recorded, and from where on. What is not chosen is not recorded, and no gap. */
export interface LogSelection {
  /** Only containers whose name matches, and none that matches the second. */
  readonly container?: LinearPattern;
  readonly excludeContainer?: LinearPattern;
  /** Lines that stories tell; every line unless given. */
  readonly lines?: LineChoice;
  /** Lines that `lines` does not choose are not recorded either. */
  readonly drop?: boolean;
  /** Lines no older than so long before Faro's start. */
  readonly sinceMs?: number;
  /** Of an instance that ran before Faro's start no more than its last so many lines. */
  readonly tailLines?: number;
}

/** One item of `--resource`, or one `TYPE/NAME` argument with its own name. */
export interface ResourceRequest {
  readonly text: string;
  readonly name?: string;
}

export type CaptureOutcome = "complete" | "incomplete" | "assertion-failed" | "timed-out";

export interface CaptureResult {
  readonly outcome: CaptureOutcome;
  /** Why it is not `complete`, one sentence each. */
  readonly reasons: readonly string[];
  readonly stories: readonly WrittenStory[];
}

export interface WrittenStory {
  readonly correlationId: string;
  readonly title: string;
  readonly file: string;
  readonly events: number;
  readonly verdict: "complete" | "incomplete";
}

/** A recording in progress. */
export interface Capture {
  /** Ends when the capture has stopped. May be called more than once; each call sees what comes from then on. */
  status(): AsyncIterable<CaptureStatus>;
  gauges(): CaptureGauges;
  conditions(): readonly CaptureCondition[];
  /** Asks for the orderly end: sources, lanes, archive, stories. */
  stop(why: string): void;
  /** Settles when everything is written. Rejects with a `FaroError` when nothing could be recorded. */
  readonly done: Promise<CaptureResult>;
}
