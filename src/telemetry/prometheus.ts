/** Metrics as Prometheus text (exposition format 0.0.4): our own few lines, so that a scrape loads no SDK. */
import type { HistogramPoint, Labels, Metric, MetricFamily } from "./metric.ts";

export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const TYPES = { counter: "counter", gauge: "gauge", histogram: "histogram" } as const;

/**
 * The name under which Prometheus knows a metric: dots become underscores, seconds and counters say so at the end. An
 * OpenTelemetry collector that translates the OTLP metric gives it the same.
 */
export function prometheusName({ name, kind, unit }: Pick<Metric, "name" | "kind" | "unit">): string {
  const plain = name.replaceAll(/[^a-zA-Z0-9_:]/g, "_");
  const withUnit = unit === "s" && !plain.endsWith("_seconds") ? `${plain}_seconds` : plain;
  return kind === "counter" ? `${withUnit}_total` : withUnit;
}

/** A metric without a point is left out. */
export function renderPrometheus(families: readonly MetricFamily[]): string {
  return families
    .filter(({ points }) => points.length > 0)
    .map(renderFamily)
    .join("");
}

function renderFamily(family: MetricFamily): string {
  const name = prometheusName(family);
  const lines = [`# HELP ${name} ${escapeHelp(family.description)}`, `# TYPE ${name} ${TYPES[family.kind]}`];
  if (family.kind === "histogram") lines.push(...family.points.flatMap((point) => histogramLines(name, point)));
  else lines.push(...family.points.map(({ labels, value }) => `${name}${renderLabels(labels)} ${renderNumber(value)}`));
  return `${lines.join("\n")}\n`;
}

function histogramLines(name: string, { labels, histogram }: HistogramPoint): readonly string[] {
  let below = 0;
  const buckets = histogram.bounds.map((bound, index) => {
    below += histogram.counts[index] ?? 0;
    return `${name}_bucket${renderLabels({ ...labels, le: renderNumber(bound) })} ${below}`;
  });
  return [
    ...buckets,
    `${name}_bucket${renderLabels({ ...labels, le: "+Inf" })} ${histogram.count}`,
    `${name}_sum${renderLabels(labels)} ${renderNumber(histogram.sum)}`,
    `${name}_count${renderLabels(labels)} ${histogram.count}`,
  ];
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function renderNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
