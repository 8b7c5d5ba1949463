/**
 * The message path, traced: the same steps, with a span around each run, and one for each batch that arrives. Used only
 * while telemetry is on; a message that is not sampled takes the plain path.
 *
 * A process span is the child of whoever published its message (all attempts alike), linked to the batch it came with. While it
 * runs, the message carries the span's context: log lines and published events go on from there.
 */
import type { Message } from "../message/message.ts";
import type { Delivery } from "../ports/broker.ts";
import type { SpanFacts, TraceContext, TracedSpan, Tracing } from "../telemetry/tracing.ts";
import type { Outcome } from "./decide.ts";
import type { Held } from "./held.ts";
import type { ProcessSteps } from "./process.ts";
import type { Disposition } from "./settle.ts";

export interface TraceOptions {
  readonly tracing: Tracing;
  readonly stream: string;
  readonly subscription: string;
  readonly consumer: string;
  readonly steps: ProcessSteps;
}

export interface TracedDeliveries {
  readonly steps: ProcessSteps;
  /** Takes in a batch that was read; `heldOf` finds what became of a delivery. */
  receive(deliveries: readonly Delivery[], takeIn: () => void, heldOf: (delivery: Delivery) => Held | undefined): void;
}

const NO_PARENT: TraceContext = {};

export function traceDeliveries(options: TraceOptions): TracedDeliveries {
  const { tracing, steps } = options;
  const running = new WeakMap<Held, TracedSpan>();
  /** What messages carried when they arrived: what the attempts of one have in common. */
  const origins = new WeakMap<Held, TraceContext>();
  const batches = new WeakMap<Delivery, TraceContext>();

  function facts(
    operation: "receive" | "process",
    more: SpanFacts["attributes"],
  ): Pick<SpanFacts, "name" | "attributes"> {
    return {
      name: `${operation} ${options.stream}`,
      attributes: {
        "messaging.system": tracing.system,
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": options.stream,
        "messaging.consumer.group.name": options.subscription,
        "messaging.client.id": options.consumer,
        ...more,
      },
    };
  }

  function begin(held: Held, message: Message | null): void {
    const parent = origins.get(held) ?? message ?? NO_PARENT;
    if (!tracing.samples(parent)) return;
    const { delivery } = held;
    const batch = batches.get(delivery);
    const span = tracing.start({
      ...facts("process", {
        "messaging.message.id": message?.id,
        "messaging.message.conversation_id": message?.correlationId,
        "engine.message.type": message?.type,
        "engine.entry.id": delivery.entryId,
        "engine.attempt": delivery.history.failures + delivery.history.crashes + 1,
      }),
      kind: "consumer",
      parent,
      links: batch === undefined ? [] : [batch],
    });
    running.set(held, span);
    if (message === null) return;
    const { traceparent, tracestate } = message;
    if (!origins.has(held)) origins.set(held, traceparent === undefined ? span.context : { traceparent, tracestate });
    held.decoded = { kind: "message", message: { ...message, ...span.context } };
  }

  async function endAfter(settled: PromiseLike<Disposition>, span: TracedSpan): Promise<Disposition> {
    try {
      return await settled;
    } finally {
      span.end();
    }
  }

  return {
    steps: {
      ...steps,
      decode(held) {
        let message: Message;
        try {
          message = steps.decode(held);
        } catch (error) {
          begin(held, null);
          throw error;
        }
        begin(held, message);
        return steps.decode(held);
      },
      handle(handler, message, held) {
        const span = running.get(held);
        return span === undefined
          ? steps.handle(handler, message, held)
          : span.run(() => steps.handle(handler, message, held));
      },
      settle(held, outcome, method) {
        const span = running.get(held);
        if (span === undefined) return steps.settle(held, outcome, method);
        running.delete(held);
        describeOutcome(span, outcome, method);
        const settled = span.run(() => steps.settle(held, outcome, method));
        if ("then" in settled) return endAfter(settled, span);
        span.end();
        return settled;
      },
    },
    receive(deliveries, takeIn, heldOf) {
      if (!tracing.samples(NO_PARENT)) return takeIn();
      const span = tracing.start({
        ...facts("receive", { "messaging.batch.message_count": deliveries.length }),
        kind: "client",
        parent: NO_PARENT,
        links: [],
      });
      for (const delivery of deliveries) batches.set(delivery, span.context);
      takeIn();
      for (const delivery of deliveries) {
        const held = heldOf(delivery);
        const origin =
          held && (origins.get(held) ?? (held.decoded.kind === "message" ? held.decoded.message : undefined));
        if (origin) span.link(origin);
      }
      span.end();
    },
  };
}

function describeOutcome(span: TracedSpan, outcome: Outcome, method: string | undefined): void {
  span.set({
    "engine.outcome": outcome.kind,
    "code.function.name": method,
    "engine.dead_letter.reason": outcome.kind === "dead_letter" ? outcome.reason : undefined,
  });
  if ("error" in outcome) span.fail(outcome.error);
}
