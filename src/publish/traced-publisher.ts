/** A publisher whose events carry the context of a span of their own. Used only while telemetry is on. */
import type { PublishOptions } from "../domain/domain.ts";
import { classOf, type EventInstance } from "../domain/elements.ts";
import type { Message } from "../message/message.ts";
import type { TraceContext, TracedSpan, Tracing } from "../telemetry/tracing.ts";
import type { PreparingPublisher } from "./publisher.ts";

export interface TracedPublisherOptions {
  readonly tracing: Tracing;
  /** The message whose handler is running, if any. */
  readonly currentMessage: () => Message | undefined;
}

export function tracePublisher(publisher: PreparingPublisher, options: TracedPublisherOptions): PreparingPublisher {
  const { tracing } = options;

  /** What the publisher asks for, else what is active here, else the message being handled. */
  function parentOf(publish: PublishOptions): TraceContext {
    return publish.traceparent === undefined ? (tracing.active() ?? options.currentMessage() ?? {}) : publish;
  }

  function start(
    publish: PublishOptions,
    attributes: Readonly<Record<string, string | number | undefined>>,
  ): TracedSpan | null {
    const parent = parentOf(publish);
    if (!tracing.samples(parent)) return null;
    return tracing.start({
      name: publish.stream === undefined ? "publish" : `publish ${publish.stream}`,
      kind: "producer",
      attributes: {
        "messaging.system": tracing.system,
        "messaging.operation.name": "publish",
        "messaging.operation.type": "send",
        ...attributes,
      },
      parent,
      links: [],
    });
  }

  return {
    ...publisher,
    /** Appended later, with its message's settlement: this span tells where it was raised. */
    prepare(event, publish) {
      const span = start(publish, { "engine.message.type": typeOf(event) });
      if (span === null) return publisher.prepare(event, publish);
      try {
        const entry = publisher.prepare(event, { ...publish, ...span.context });
        span.set({ "messaging.destination.name": entry.stream, "messaging.message.id": entry.id });
        return entry;
      } catch (error) {
        span.fail(error);
        throw error;
      } finally {
        span.end();
      }
    },
    async publish(events, publish) {
      const span = start(publish, { "messaging.batch.message_count": events.length > 1 ? events.length : undefined });
      if (span === null) return publisher.publish(events, publish);
      try {
        const published = await span.run(() => publisher.publish(events, { ...publish, ...span.context }));
        const [first] = published;
        span.set({
          "messaging.destination.name": first?.stream,
          "messaging.message.id": published.length === 1 ? first?.id : undefined,
        });
        return published;
      } catch (error) {
        span.fail(error);
        throw error;
      } finally {
        span.end();
      }
    },
  };
}

function typeOf(event: EventInstance): string | undefined {
  return classOf(event)?.eventType;
}
