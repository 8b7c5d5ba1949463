/** Rows of the catalogue about subscriptions: see metrics.ts. */
import type { CircuitState, SubscriptionCounts, SubscriptionStatus } from "../health/status.ts";
import { pointOf, type Labels, type Metric, type NumberMetric } from "./metric.ts";

const SUBSCRIPTION_LABELS = ["subscription", "handler", "stream"];

function labelsOf({ name, handlerName, stream }: SubscriptionStatus): Labels {
  return { subscription: name, handler: handlerName, stream };
}

type NumberFacts = Pick<NumberMetric, "name" | "kind" | "unit" | "description">;

/** One point for each subscription that knows the value. */
function ofSubscription(facts: NumberFacts, value: (status: SubscriptionStatus) => number | null): Metric {
  return {
    ...facts,
    labels: SUBSCRIPTION_LABELS,
    read: ({ status }) => status.subscriptions.flatMap((each) => pointOf(labelsOf(each), value(each))),
  };
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

export const SUBSCRIPTION_METRICS: readonly Metric[] = [
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
    {
      name: "engine.subscription.failures",
      kind: "counter",
      unit: "{run}",
      description: "Runs that ended in an error.",
    },
    ({ counts }) => counts.failed,
  ),
  ofSubscription(
    {
      name: "engine.subscription.retries",
      kind: "counter",
      unit: "{run}",
      description: "Runs of messages that had failed or crashed before.",
    },
    ({ counts }) => counts.retried,
  ),
  ofSubscription(
    {
      name: "engine.subscription.dlq_routed",
      kind: "counter",
      unit: MESSAGE,
      description: "Dead letters written, those left for entries that were deleted while pending included.",
    },
    ({ counts }) => counts.deadLettered + counts.missing,
  ),
  ofSubscription(
    {
      name: "engine.subscription.claimed",
      kind: "counter",
      unit: MESSAGE,
      description: "Deliveries taken over from consumers that were lost.",
    },
    ({ counts }) => counts.claimed,
  ),
  ofSubscription(
    {
      name: "engine.subscription.fenced",
      kind: "counter",
      unit: MESSAGE,
      description: "Settlements refused because another consumer held the entry by then.",
    },
    ({ counts }) => counts.fenced,
  ),
  ofSubscription(
    {
      name: "engine.subscription.abandoned",
      kind: "counter",
      unit: "{run}",
      description: "Handlers that went on after their signal aborted, and were given up.",
    },
    ({ counts }) => counts.abandoned,
  ),
  ofSubscription(
    {
      name: "engine.subscription.groups_recreated",
      kind: "counter",
      unit: "{group}",
      description: "Times a consumer group that had vanished was made again.",
    },
    ({ counts }) => counts.groupsRecreated,
  ),
  ofSubscription(
    {
      name: "engine.subscription.reader_restarts",
      kind: "counter",
      unit: "{restart}",
      description: "Times the blocking reader's connection was replaced.",
    },
    ({ counts }) => counts.readerRestarts,
  ),
  ofSubscription(
    {
      name: "engine.subscription.circuit_breaker.state",
      kind: "gauge",
      unit: "1",
      description: "0 closed, 1 half open, 2 open.",
    },
    ({ circuitState }) => CIRCUIT_NUMBERS[circuitState],
  ),
  ofSubscription(
    {
      name: "engine.subscription.paused",
      kind: "gauge",
      unit: "1",
      description: "1 while an operator has paused it in this process.",
    },
    ({ paused }) => (paused === null ? 0 : 1),
  ),
  ofSubscription(
    {
      name: "engine.subscription.consumer_lag",
      kind: "gauge",
      unit: MESSAGE,
      description: "Entries not yet delivered to the consumer group. The same from every replica.",
    },
    ({ lag }) => lag,
  ),
  ofSubscription(
    {
      name: "engine.subscription.lag_seconds",
      kind: "gauge",
      unit: "s",
      description: "Age of the oldest entry not yet delivered; 0 without lag. The same from every replica.",
    },
    ({ lagSeconds }) => lagSeconds,
  ),
  ofSubscription(
    {
      name: "engine.subscription.pending_messages",
      kind: "gauge",
      unit: MESSAGE,
      description: "Entries delivered and not acked, of the whole group. The same from every replica.",
    },
    ({ pending }) => pending,
  ),
  ofSubscription(
    {
      name: "engine.subscription.oldest_pending_seconds",
      kind: "gauge",
      unit: "s",
      description: "Since the oldest pending entry was appended; 0 without pending. The same from every replica.",
    },
    ({ oldestPendingSeconds }) => oldestPendingSeconds,
  ),
  ofSubscription(
    {
      name: "engine.subscription.in_flight",
      kind: "gauge",
      unit: MESSAGE,
      description: "Messages whose handler runs now, in this process.",
    },
    ({ inFlight }) => inFlight,
  ),
];
