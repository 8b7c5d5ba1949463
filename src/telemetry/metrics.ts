/**
 * The catalogue: every metric there is. What it does not list is not exported; docs/reference/metrics.md lists the same
 * (a parity test holds the two together), and the shipped dashboard and alert rules use no other.
 */
import type { CircuitState, SubscriptionCounts, SubscriptionStatus } from "../health/status.ts";
import type { DeadLetterFigures, Labels, Metric, MetricFamily, MetricsSnapshot, NumberMetric, NumberPoint } from "./metric.ts";

type NumberFacts = Pick<NumberMetric, "name" | "kind" | "unit" | "description">;

const SUBSCRIPTION_LABELS = ["subscription", "handler", "stream"];

function labelsOf({ name, handlerName, stream }: SubscriptionStatus): Labels {
  return { subscription: name, handler: handlerName, stream };
}

function point(labels: Labels, value: number | null | undefined): readonly NumberPoint[] {
  return value === null || value === undefined ? [] : [{ labels, value }];
}

/** One point for each subscription that knows the value. */
function ofSubscription(facts: NumberFacts, value: (status: SubscriptionStatus) => number | null): Metric {
  return {
    ...facts,
    labels: SUBSCRIPTION_LABELS,
    read: ({ status }) => status.subscriptions.flatMap((each) => point(labelsOf(each), value(each))),
  };
}

/** One point for each dead-letter stream whose value is known. */
function ofDeadLetters(facts: NumberFacts, value: (figures: DeadLetterFigures) => number | null): Metric {
  return {
    ...facts,
    labels: ["dlq_stream"],
    read: ({ deadLetters }) =>
      [...deadLetters.values()].flatMap((figures) => point({ dlq_stream: figures.dlqStream }, value(figures))),
  };
}

function ofEngine(facts: NumberFacts, value: (snapshot: MetricsSnapshot) => number | null): Metric {
  return { ...facts, labels: [], read: (snapshot) => point({}, value(snapshot)) };
}

/** How messages end, each in one way. */
const FINAL_COUNTS: Readonly<Record<string, keyof SubscriptionCounts>> = {
  success: "succeeded",
  unhandled: "unhandled",
  discarded: "discarded",
  dead_lettered: "deadLettered",
};

const CIRCUIT_NUMBERS: Readonly<Record<CircuitState, number>> = { closed: 0, half_open: 1, open: 2 };

const MESSAGE = "{message}";

const SUBSCRIPTIONS: readonly Metric[] = [
  {
    name: "engine.subscription.messages_processed",
    kind: "counter",
    unit: MESSAGE,
    description: "Messages that came to their end here; status: success, unhandled, discarded or dead_lettered.",
    labels: [...SUBSCRIPTION_LABELS, "status"],
    read: ({ status }) =>
      status.subscriptions.flatMap((each) =>
        Object.entries(FINAL_COUNTS).map(([word, counter]) => ({
          labels: { ...labelsOf(each), status: word },
          value: each.counts[counter],
        })),
      ),
  },
  {
    name: "engine.subscription.processing_duration",
    kind: "histogram",
    unit: "s",
    description: "How long a run of a message took, from its turn until it was settled or its retry planned.",
    labels: SUBSCRIPTION_LABELS,
    read: ({ status, durations }) =>
      status.subscriptions.flatMap((each) => {
        const histogram = durations.get(each.name);
        return histogram === undefined ? [] : [{ labels: labelsOf(each), histogram }];
      }),
  },
  ofSubscription(
    { name: "engine.subscription.failures", kind: "counter", unit: "{run}", description: "Runs that ended in an error." },
    ({ counts }) => counts.failed,
  ),
  ofSubscription(
    { name: "engine.subscription.retries", kind: "counter", unit: "{run}", description: "Runs of messages that had failed or crashed before." },
    ({ counts }) => counts.retried,
  ),
  ofSubscription(
    { name: "engine.subscription.dlq_routed", kind: "counter", unit: MESSAGE, description: "Dead letters written, those left for entries that were deleted while pending included." },
    ({ counts }) => counts.deadLettered + counts.missing,
  ),
  ofSubscription(
    { name: "engine.subscription.claimed", kind: "counter", unit: MESSAGE, description: "Deliveries taken over from consumers that were lost." },
    ({ counts }) => counts.claimed,
  ),
  ofSubscription(
    { name: "engine.subscription.fenced", kind: "counter", unit: MESSAGE, description: "Settlements refused because another consumer held the entry by then." },
    ({ counts }) => counts.fenced,
  ),
  ofSubscription(
    { name: "engine.subscription.abandoned", kind: "counter", unit: "{run}", description: "Handlers that went on after their signal aborted, and were given up." },
    ({ counts }) => counts.abandoned,
  ),
  ofSubscription(
    { name: "engine.subscription.groups_recreated", kind: "counter", unit: "{group}", description: "Times a consumer group that had vanished was made again." },
    ({ counts }) => counts.groupsRecreated,
  ),
  ofSubscription(
    { name: "engine.subscription.reader_restarts", kind: "counter", unit: "{restart}", description: "Times the blocking reader's connection was replaced." },
    ({ counts }) => counts.readerRestarts,
  ),
  ofSubscription(
    { name: "engine.subscription.circuit_breaker.state", kind: "gauge", unit: "1", description: "0 closed, 1 half open, 2 open." },
    ({ circuitState }) => CIRCUIT_NUMBERS[circuitState],
  ),
  ofSubscription(
    { name: "engine.subscription.consumer_lag", kind: "gauge", unit: MESSAGE, description: "Entries not yet delivered to the consumer group. The same from every replica." },
    ({ lag }) => lag,
  ),
  ofSubscription(
    { name: "engine.subscription.lag_seconds", kind: "gauge", unit: "s", description: "Age of the oldest entry not yet delivered; 0 without lag. The same from every replica." },
    ({ lagSeconds }) => lagSeconds,
  ),
  ofSubscription(
    { name: "engine.subscription.pending_messages", kind: "gauge", unit: MESSAGE, description: "Entries delivered and not acked, of the whole group. The same from every replica." },
    ({ pending }) => pending,
  ),
  ofSubscription(
    { name: "engine.subscription.oldest_pending_seconds", kind: "gauge", unit: "s", description: "Since the oldest pending entry was appended; 0 without pending. The same from every replica." },
    ({ oldestPendingSeconds }) => oldestPendingSeconds,
  ),
  ofSubscription(
    { name: "engine.subscription.in_flight", kind: "gauge", unit: MESSAGE, description: "Messages whose handler runs now, in this process." },
    ({ inFlight }) => inFlight,
  ),
];

const DEAD_LETTERS: readonly Metric[] = [
  ofDeadLetters(
    { name: "engine.dlq.trimmed", kind: "counter", unit: MESSAGE, description: "Dead letters this process deleted because they were older than their retention." },
    ({ trimmed }) => trimmed,
  ),
  ofDeadLetters(
    { name: "engine.dlq.alerts", kind: "counter", unit: "{alert}", description: "Maintenance cycles of this process that found the depth at its threshold." },
    ({ alerts }) => alerts,
  ),
  ofDeadLetters(
    { name: "engine.dlq.depth", kind: "gauge", unit: MESSAGE, description: "Dead letters there are. The same from every replica." },
    ({ depth }) => depth,
  ),
  ofDeadLetters(
    { name: "engine.dlq.oldest_seconds", kind: "gauge", unit: "s", description: "Since the oldest dead letter was written; 0 when there are none. The same from every replica." },
    ({ oldestSeconds }) => oldestSeconds,
  ),
];

const ENGINE: readonly Metric[] = [
  ofEngine({ name: "engine.up", kind: "gauge", unit: "1", description: "1 while the engine runs; 0 while it starts or stops." }, ({ status }) =>
    status.state === "running" ? 1 : 0,
  ),
  ofEngine({ name: "engine.uptime_seconds", kind: "gauge", unit: "s", description: "Since the engine began to run." }, ({ status }) =>
    status.uptimeMs / 1000,
  ),
  ofEngine({ name: "engine.active_subscriptions", kind: "gauge", unit: "{subscription}", description: "Subscriptions that read their stream." }, ({ status }) =>
    status.subscriptions.filter((each) => each.status === "ok").length,
  ),
  {
    name: "engine.broker.pool_active_connections",
    kind: "gauge",
    unit: "{connection}",
    description: "Connections this process has open to a broker.",
    labels: ["broker"],
    read: ({ brokerConnections }) => [...brokerConnections].flatMap(([broker, count]) => point({ broker }, count)),
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

export const METRICS: readonly Metric[] = [...SUBSCRIPTIONS, ...DEAD_LETTERS, ...ENGINE];

/** Every metric with what it reads in a snapshot. Pure. */
export function readMetrics(snapshot: MetricsSnapshot): readonly MetricFamily[] {
  return METRICS.map(({ read, ...facts }) => ({ ...facts, points: read(snapshot) }) as MetricFamily);
}
