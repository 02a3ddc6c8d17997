/** The line at the bottom of a terminal while a recording runs. */
import { formatDuration } from "../../base/index.ts";
import type { CaptureCondition, CaptureGauges } from "../../capture/index.ts";

export interface LiveReading {
  readonly elapsedMs: number;
  readonly events: number;
  readonly gauges: CaptureGauges;
  readonly conditions: readonly CaptureCondition[];
  readonly stopping: boolean;
  readonly columns: number;
}

/** One line that fits the terminal; what is wrong comes first. */
export function renderLiveStatus(reading: LiveReading): string {
  const { gauges, conditions } = reading;
  const parts = [
    `${reading.stopping ? "stopping" : "recording"} ${formatDuration(Math.floor(reading.elapsedMs / 1_000) * 1_000)}`,
    ...(conditions.length === 0 ? [] : [`${conditions.length} degraded: ${conditions[0]?.subject ?? ""}`]),
    ...(gauges.openGaps === 0 ? [] : [count(gauges.openGaps, "open gap")]),
    count(gauges.activeCorrelations, "story", "stories"),
    count(reading.events, "record"),
    count(gauges.watches, "watch", "watches"),
    count(gauges.logStreams, "log stream"),
    reading.stopping ? "press Ctrl-C again to abort" : "Ctrl-C to stop",
  ];
  const line = parts.join(" · ");
  return line.length < reading.columns ? line : `${line.slice(0, Math.max(0, reading.columns - 2))}…`;
}

function count(amount: number, one: string, many: string = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}
