/**
 * What a running capture tells about itself: one typed stream that telemetry folds into metrics, health and
 * log lines, and the command line into its status line. Members are `<noun>-<past verb>`.
 */
import type { CompletedBecause, CorrelationId, GapRecord, ScopeId } from "../record/index.ts";

export type CaptureStatus =
  | {
      readonly status: "capture-started";
      readonly server: string;
      readonly serverVersion: string;
      readonly following: readonly string[];
    }
  | { readonly status: "watch-started"; readonly scope: ScopeId }
  | { readonly status: "watch-synced"; readonly scope: ScopeId; readonly objects: number }
  | { readonly status: "watch-ended"; readonly scope: ScopeId; readonly why: string }
  | { readonly status: "scope-degraded"; readonly scope: ScopeId; readonly why: string; readonly hint?: string }
  | { readonly status: "scope-recovered"; readonly scope: ScopeId }
  | { readonly status: "relisted"; readonly scope: ScopeId; readonly changes: number }
  | { readonly status: "gap-opened"; readonly gap: GapRecord }
  | { readonly status: "gap-closed"; readonly gap: GapRecord }
  | { readonly status: "log-stream-opened"; readonly stream: string; readonly source: string }
  | {
      readonly status: "log-stream-ended";
      readonly stream: string;
      readonly source: string;
      readonly outcome: "complete" | "incomplete";
      readonly why: string;
    }
  /** Records processed since the last one, by type; sent per batch, never per record. */
  | {
      readonly status: "batch-written";
      readonly records: number;
      readonly bytes: number;
      readonly fsyncMs: number;
      readonly byType: Readonly<Record<string, number>>;
    }
  | { readonly status: "write-stalled"; readonly why: string }
  | { readonly status: "write-resumed" }
  | { readonly status: "story-opened"; readonly story: CorrelationId; readonly title: string; readonly reopened: boolean }
  | {
      readonly status: "story-completed";
      readonly story: CorrelationId;
      readonly title: string;
      readonly because: CompletedBecause;
    }
  | {
      readonly status: "story-written";
      readonly story: CorrelationId;
      readonly title: string;
      readonly file: string;
      readonly events: number;
      readonly verdict: "complete" | "incomplete";
    }
  | { readonly status: "queue-high"; readonly lane: number; readonly items: number }
  | { readonly status: "queue-spilled"; readonly lane: number; readonly items: number }
  | { readonly status: "incident"; readonly what: string; readonly detail: string }
  | { readonly status: "api-warning"; readonly text: string }
  | { readonly status: "draining"; readonly openStories: number }
  | { readonly status: "stopped" };

/** Gauges read on demand: by a scrape, a health request, the status line. */
export interface CaptureGauges {
  readonly activeCorrelations: number;
  readonly workers: number;
  readonly logStreams: number;
  readonly logStreamsWaiting: number;
  readonly watches: number;
  readonly openGaps: number;
  readonly queuedItems: number;
  readonly queuedBytes: number;
  readonly unwrittenBytes: number;
  readonly recordingBytes: number;
}

/** Severity by consequence: `degraded` = something may be missing, `unhealthy` = nothing can be recorded. */
export interface CaptureCondition {
  readonly severity: "degraded" | "unhealthy";
  readonly subject: string;
  readonly why: string;
  readonly since: number;
  /** What cannot be read would explain the roots and is no part of them: the recording is complete without it. */
  readonly isContext?: true;
}
