/** {@link Tracing} on OpenTelemetry. Loaded only while telemetry is on. */
import {
  context,
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type Tracer,
} from "@opentelemetry/api";
import { redactText } from "../config/redact.ts";
import { traceIdsOf, type SpanFacts, type TraceContext, type TracedSpan, type Tracing } from "./tracing.ts";

const KINDS = { producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER, client: SpanKind.CLIENT } as const;

export interface TracingOptions {
  readonly tracer: Tracer;
  readonly system: string;
  /** Of the traces that begin here. */
  readonly sampleRatio: number;
  readonly random: () => number;
}

/** `tracer` records whatever it is asked to start: the choice was made before. */
export function createTracing({ tracer, system, sampleRatio, random }: TracingOptions): Tracing {
  return {
    system,
    samples(parent) {
      const ids = traceIdsOf(parent.traceparent);
      return ids === null ? random() < sampleRatio : ids.isSampled;
    },
    start({ name, kind, attributes, parent, links }) {
      const spanLinks = links.map(linkTo).filter((link) => link !== null);
      const span = tracer.startSpan(
        name,
        { kind: KINDS[kind], attributes: known(attributes), links: spanLinks },
        contextOf(parent),
      );
      return tracedSpan(span);
    },
    active() {
      const span = trace.getSpanContext(context.active());
      return span !== undefined && isSpanContextValid(span) ? traceContextOf(span) : null;
    },
  };
}

function tracedSpan(span: Span): TracedSpan {
  return {
    context: traceContextOf(span.spanContext()),
    run: (work) => context.with(trace.setSpan(context.active(), span), work),
    set: (attributes) => void span.setAttributes(known(attributes)),
    link(target) {
      const link = linkTo(target);
      if (link !== null) span.addLink(link);
    },
    fail(error) {
      const { name, message, stack } = describe(error);
      span.recordException({ name, message, ...(stack === undefined ? {} : { stack }) });
      span.setAttributes({ "error.type": name });
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    },
    end: () => span.end(),
  };
}

/** Errors quote URLs: credentials stay here. */
function describe(error: unknown): {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
} {
  try {
    if (!(error instanceof Error)) return { name: "NonError", message: redactText(String(error)) };
    const stack = error.stack === undefined ? undefined : redactText(error.stack);
    return { name: error.name, message: redactText(error.message), stack };
  } catch {
    return { name: "NonError", message: "(unreadable: reading it threw)" };
  }
}

function known(attributes: SpanFacts["attributes"]): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(attributes).filter((entry): entry is [string, string | number] => entry[1] !== undefined),
  );
}

function traceContextOf({ traceId, spanId, traceFlags, traceState }: SpanContext): TracedSpan["context"] {
  const flags = traceFlags.toString(16).padStart(2, "0");
  const tracestate = traceState?.serialize();
  return { traceparent: `00-${traceId}-${spanId}-${flags}`, ...(tracestate ? { tracestate } : {}) };
}

function spanContextOf({ traceparent, tracestate }: TraceContext): SpanContext | null {
  const ids = traceIdsOf(traceparent);
  if (ids === null) return null;
  return {
    traceId: ids.traceId,
    spanId: ids.spanId,
    traceFlags: ids.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
}

function contextOf(parent: TraceContext): Context {
  const remote = spanContextOf(parent);
  return remote === null ? context.active() : trace.setSpanContext(ROOT_CONTEXT, remote);
}

function linkTo(target: TraceContext): Link | null {
  const spanContext = spanContextOf(target);
  return spanContext === null ? null : { context: spanContext };
}
