/** The metrics that Faro exposes: the specification's four, and what an operator of a recorder asks next. */
import type { CaptureGauges } from "../capture/index.ts";
import type { Counts } from "./counts.ts";
import type { MetricFamily, Sample } from "./exposition.ts";

/** What a scrape reads beside the counts. */
export interface MetricsReading {
  readonly counts: Counts;
  readonly gauges: CaptureGauges;
  readonly memory: MemoryReading;
  /** Wall clock at start, milliseconds since 1970. */
  readonly startedAt: number;
  readonly version: string;
  readonly nodeVersion: string;
}

/** Bytes. */
export interface MemoryReading {
  readonly rss: number;
  readonly heapUsed: number;
}

export function metricFamilies(reading: MetricsReading): readonly MetricFamily[] {
  return [...specified(reading), ...evidence(reading), ...queues(reading), ...process(reading)];
}

/** Names and meaning are the specification's. */
function specified({ counts, gauges }: MetricsReading): readonly MetricFamily[] {
  return [
    counter("faro_events_processed_total", "Total events processed.", counts.events),
    gauge("faro_correlations_active", "Correlations (stories) that are open.", gauges.activeCorrelations),
    gauge("faro_worker_pool_size", "Workers that process records.", gauges.workers),
    gauge("faro_log_streams_active", "Log streams that are followed now.", gauges.logStreams),
  ];
}

function evidence({ counts, gauges }: MetricsReading): readonly MetricFamily[] {
  return [
    counters("faro_records_total", "Records written, by type.", "type", counts.eventsByType),
    counter("faro_records_dropped_total", "Records dropped without a gap that says so. Faro has no such path: always 0.", 0),
    counters("faro_gaps_total", "Gaps opened, by cause.", "cause", counts.gapsByCause),
    gauge("faro_gaps_open", "Gaps that are open now.", gauges.openGaps),
    counter("faro_relists_total", "Lists taken again because the history to resume from was gone.", counts.relists),
    counter("faro_watch_ends_total", "Watch connections that ended and were resumed.", counts.watchEnds),
    gauge("faro_watches_active", "Watches that are open.", gauges.watches),
    gauge("faro_scopes_degraded", "Scopes that cannot be watched now.", counts.degradedScopes.size),
    gauge(
      "faro_log_streams_waiting",
      "Containers whose log is read in turn, because of --max-log-streams.",
      gauges.logStreamsWaiting,
    ),
    counters("faro_log_streams_ended_total", "Log streams that ended, by outcome.", "outcome", counts.logStreamsByOutcome),
    counters("faro_stories_written_total", "Story files written, by verdict.", "verdict", counts.storiesByVerdict),
    counter("faro_incidents_total", "Oddities that were recorded.", counts.incidents),
    counter("faro_api_warnings_total", "Warning headers of the API server.", counts.apiWarnings),
  ];
}

function queues({ counts, gauges }: MetricsReading): readonly MetricFamily[] {
  return [
    gauge("faro_queue_items", "Records that wait in the lanes.", gauges.queuedItems),
    gauge("faro_queue_bytes", "Bytes that wait in the lanes.", gauges.queuedBytes),
    counter("faro_queue_spilled_items_total", "Records that a full lane spilled to disk.", counts.spilled),
    counter("faro_written_bytes_total", "Bytes written to the recording.", counts.bytes),
    gauge("faro_unwritten_bytes", "Bytes accepted and not yet durable.", gauges.unwrittenBytes),
    gauge("faro_recording_bytes", "Size of the recording, as it is unpacked.", gauges.recordingBytes),
    counter("faro_write_stalls_total", "Times the disk could not take records.", counts.stalls),
    {
      type: "histogram",
      name: "faro_write_latency_seconds",
      help: "Time from write to durable, per batch.",
      histogram: counts.writeSeconds,
    },
  ];
}

function process({ memory, startedAt, version, nodeVersion }: MetricsReading): readonly MetricFamily[] {
  return [
    gauge("process_resident_memory_bytes", "Resident memory.", memory.rss),
    gauge("faro_heap_used_bytes", "JavaScript heap in use.", memory.heapUsed),
    gauge("process_start_time_seconds", "Start of the process, seconds since 1970.", startedAt / 1_000),
    family("gauge", "faro_build_info", "Version of Faro and of Node; always 1.", [
      { labels: { version, node: nodeVersion }, value: 1 },
    ]),
  ];
}

function counter(name: string, help: string, value: number): MetricFamily {
  return family("counter", name, help, [{ value }]);
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return family("gauge", name, help, [{ value }]);
}

function counters(name: string, help: string, label: string, tally: Readonly<Record<string, number>>): MetricFamily {
  return family(
    "counter",
    name,
    help,
    Object.entries(tally).map(([key, value]) => ({ labels: { [label]: key }, value })),
  );
}

function family(type: "counter" | "gauge", name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { type, name, help, samples };
}
