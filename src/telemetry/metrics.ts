/**
 * The catalogue: every metric there is. What it does not list is not exported; docs/reference/metrics.md lists the same
 * (a parity test holds the two together), and the shipped dashboard and alert rules use no other.
 */
import {
  pointOf,
  type DeadLetterFigures,
  type Metric,
  type MetricFamily,
  type MetricsSnapshot,
  type NumberMetric,
} from "./metric.ts";
import { SUBSCRIPTION_METRICS } from "./subscription-metrics.ts";

type NumberFacts = Pick<NumberMetric, "name" | "kind" | "unit" | "description">;

/** One point for each dead-letter stream whose value is known. */
function ofDeadLetters(facts: NumberFacts, value: (figures: DeadLetterFigures) => number | null): Metric {
  return {
    ...facts,
    labels: ["dlq_stream"],
    read: ({ deadLetters }) =>
      [...deadLetters.values()].flatMap((figures) => pointOf({ dlq_stream: figures.dlqStream }, value(figures))),
  };
}

function ofEngine(facts: NumberFacts, value: (snapshot: MetricsSnapshot) => number | null): Metric {
  return { ...facts, labels: [], read: (snapshot) => pointOf({}, value(snapshot)) };
}

const MESSAGE = "{message}";

const DEAD_LETTERS: readonly Metric[] = [
  ofDeadLetters(
    {
      name: "engine.dlq.trimmed",
      kind: "counter",
      unit: MESSAGE,
      description: "Dead letters this process deleted because they were older than their retention.",
    },
    ({ trimmed }) => trimmed,
  ),
  ofDeadLetters(
    {
      name: "engine.dlq.alerts",
      kind: "counter",
      unit: "{alert}",
      description: "Maintenance cycles of this process that found the depth at its threshold.",
    },
    ({ alerts }) => alerts,
  ),
  ofDeadLetters(
    {
      name: "engine.dlq.depth",
      kind: "gauge",
      unit: MESSAGE,
      description: "Dead letters there are. The same from every replica.",
    },
    ({ depth }) => depth,
  ),
  ofDeadLetters(
    {
      name: "engine.dlq.oldest_seconds",
      kind: "gauge",
      unit: "s",
      description: "Since the oldest dead letter was written; 0 when there are none. The same from every replica.",
    },
    ({ oldestSeconds }) => oldestSeconds,
  ),
];

const ENGINE: readonly Metric[] = [
  ofEngine(
    {
      name: "engine.up",
      kind: "gauge",
      unit: "1",
      description: "1 while the engine runs; 0 while it starts or stops.",
    },
    ({ status }) => (status.state === "running" ? 1 : 0),
  ),
  ofEngine(
    { name: "engine.uptime_seconds", kind: "gauge", unit: "s", description: "Since the engine began to run." },
    ({ status }) => status.uptimeMs / 1000,
  ),
  ofEngine(
    {
      name: "engine.active_subscriptions",
      kind: "gauge",
      unit: "{subscription}",
      description: "Subscriptions that read their stream.",
    },
    ({ status }) => status.subscriptions.filter((each) => each.status === "ok" && each.paused === null).length,
  ),
  {
    name: "engine.broker.pool_active_connections",
    kind: "gauge",
    unit: "{connection}",
    description: "Connections this process has open to a broker.",
    labels: ["broker"],
    read: ({ brokerConnections }) => [...brokerConnections].flatMap(([broker, count]) => pointOf({ broker }, count)),
  },
  {
    name: "engine.load_shedding.active",
    kind: "gauge",
    unit: "1",
    description: "1 while this process takes in nothing more; reason: heap, rss or event_loop.",
    labels: ["reason"],
    read: ({ status }) =>
      (status.loadShedding ?? []).map(({ reason, isActive }) => ({ labels: { reason }, value: isActive ? 1 : 0 })),
  },
  {
    name: "engine.load_shedding.episodes",
    kind: "counter",
    unit: "{episode}",
    description: "Times this process began to take in nothing more, by reason.",
    labels: ["reason"],
    read: ({ status }) =>
      (status.loadShedding ?? []).map(({ reason, episodes }) => ({ labels: { reason }, value: episodes })),
  },
  {
    name: "engine.event_loop.delay",
    kind: "gauge",
    unit: "s",
    description: "How late the event loop ran, over the last ten seconds; stat: mean, p99 or max.",
    labels: ["stat"],
    read: ({ eventLoopDelay }) =>
      eventLoopDelay === null
        ? []
        : (["mean", "p99", "max"] as const).map((stat) => ({ labels: { stat }, value: eventLoopDelay[stat] })),
  },
];

export const METRICS: readonly Metric[] = [...SUBSCRIPTION_METRICS, ...DEAD_LETTERS, ...ENGINE];

/** Every metric with what it reads in a snapshot. Pure. */
export function readMetrics(snapshot: MetricsSnapshot): readonly MetricFamily[] {
  return METRICS.map(({ read, ...facts }) => ({ ...facts, points: read(snapshot) }) as MetricFamily);
}
