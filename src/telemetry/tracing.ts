/**
 * Traces as the engine's parts see them; without OpenTelemetry in sight, so that nothing of it is loaded, nor paid for, while
 * telemetry is off. spans.ts implements it.
 */

/** W3C Trace Context, as messages carry it. */
export interface TraceContext {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

export interface SpanFacts {
  readonly name: string;
  readonly kind: "producer" | "consumer" | "client";
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  /** Without a traceparent: whatever span is active, else it is the first of its trace. */
  readonly parent: TraceContext;
  readonly links: readonly TraceContext[];
}

export interface TracedSpan {
  /** What a message sent from here carries. */
  readonly context: { readonly traceparent: string; readonly tracestate?: string };
  /** Runs `work` with this span active: spans that user code opens become its children. */
  run<T>(work: () => T): T;
  set(attributes: SpanFacts["attributes"]): void;
  /** To a message's context; one that has none is left out. */
  link(target: TraceContext): void;
  /** Records the exception, and marks the span as failed. */
  fail(error: unknown): void;
  end(): void;
}

export interface Tracing {
  /** `redis` or `memory`. */
  readonly system: string;
  /** Whether a span under this parent would be recorded: the parent's word, else the sampling ratio's. Ask first: facts cost. */
  samples(parent: TraceContext): boolean;
  /** Only after {@link samples} said yes. Never throws. */
  start(facts: SpanFacts): TracedSpan;
  /** The span that is active here, if any. */
  active(): TraceContext | null;
}

/** `00-<trace id>-<span id>-<flags>`; what is none is ignored, as the specification asks. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;
const ZEROS = /^0+$/;

export interface TraceIds {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** The parts of a traceparent; null where it is none. */
export function traceIdsOf(traceparent: string | undefined): TraceIds | null {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  const [, traceId = "", spanId = "", flags = ""] = match ?? [];
  if (match === null || traceparent?.startsWith("ff") || ZEROS.test(traceId) || ZEROS.test(spanId)) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
