/** The health document. `healthy` and `degraded` keep a pod alive; `unhealthy` says that nothing can be recorded. */
import { formatDuration, isoTime } from "../base/index.ts";
import type { CaptureCondition, CaptureGauges } from "../capture/index.ts";

export interface HealthReading {
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
  readonly uptimeMs: number;
  readonly gauges: CaptureGauges;
  readonly conditions: readonly CaptureCondition[];
}

/** Names and forms are the specification's; `conditions` is what is not as it should be. */
export interface HealthDocument {
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly timestamp: string;
  readonly uptime: string;
  readonly active_correlations: number;
  readonly active_workers: number;
  readonly conditions: readonly HealthCondition[];
}

export interface HealthCondition {
  readonly severity: "degraded" | "unhealthy";
  readonly subject: string;
  readonly why: string;
  readonly since: string;
}

export function healthDocument(reading: HealthReading): HealthDocument {
  return {
    status: worst(reading.conditions),
    timestamp: isoTime(reading.now),
    uptime: formatDuration(reading.uptimeMs),
    active_correlations: reading.gauges.activeCorrelations,
    active_workers: reading.gauges.workers,
    conditions: reading.conditions.map(({ severity, subject, why, since }) => ({
      severity,
      subject,
      why,
      since: isoTime(since),
    })),
  };
}

/** 200 or 503, which is all that a probe looks at. */
export function healthStatusCode(document: HealthDocument): 200 | 503 {
  return document.status === "unhealthy" ? 503 : 200;
}

function worst(conditions: readonly CaptureCondition[]): HealthDocument["status"] {
  if (conditions.some((condition) => condition.severity === "unhealthy")) return "unhealthy";
  return conditions.length > 0 ? "degraded" : "healthy";
}
