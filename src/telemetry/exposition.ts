/**
 * The text format that Prometheus scrapes, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/), written by hand: a dozen series do not earn a library.
 */

/** What `Content-Type` says. */
export const EXPOSITION_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

export type MetricFamily =
  | { readonly type: "counter" | "gauge"; readonly name: string; readonly help: string; readonly samples: readonly Sample[] }
  | { readonly type: "histogram"; readonly name: string; readonly help: string; readonly histogram: HistogramState };

/** Counts per bucket, not cumulative; the last one is for everything above the last bound. */
export interface HistogramState {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Every family with its HELP and TYPE lines. */
export function renderExposition(families: readonly MetricFamily[]): string {
  return families
    .flatMap(renderFamily)
    .map((line) => `${line}\n`)
    .join("");
}

/** A histogram without observations. `bounds` rise. */
export function emptyHistogram(bounds: readonly number[]): HistogramState {
  return { bounds, counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
}

export function observe(histogram: HistogramState, value: number): HistogramState {
  const found = histogram.bounds.findIndex((bound) => value <= bound);
  const bucket = found === -1 ? histogram.bounds.length : found;
  return { ...histogram, counts: histogram.counts.with(bucket, (histogram.counts[bucket] ?? 0) + 1), sum: histogram.sum + value };
}

function renderFamily(family: MetricFamily): readonly string[] {
  const head = [`# HELP ${family.name} ${escapeHelp(family.help)}`, `# TYPE ${family.name} ${family.type}`];
  if (family.type !== "histogram") return [...head, ...family.samples.map((sample) => renderSample(family.name, sample))];
  return [...head, ...renderHistogram(family.name, family.histogram)];
}

function renderHistogram(name: string, histogram: HistogramState): readonly string[] {
  let total = 0;
  const buckets = histogram.counts.map((count, bucket) => {
    total += count;
    return renderSample(`${name}_bucket`, {
      labels: { le: renderValue(histogram.bounds[bucket] ?? Number.POSITIVE_INFINITY) },
      value: total,
    });
  });
  return [...buckets, renderSample(`${name}_sum`, { value: histogram.sum }), renderSample(`${name}_count`, { value: total })];
}

function renderSample(name: string, sample: Sample): string {
  const labels = Object.entries(sample.labels ?? {}).map(([label, value]) => `${label}="${escapeLabel(value)}"`);
  return `${name}${labels.length === 0 ? "" : `{${labels.join(",")}}`} ${renderValue(sample.value)}`;
}

function renderValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", String.raw`\\`).replaceAll("\n", String.raw`\n`);
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', String.raw`\"`);
}
