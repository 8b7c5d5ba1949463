/** A collector of one's own: takes metrics and traces over OTLP gRPC and keeps what it was told. */
import { Server, ServerCredentials, type handleUnaryCall } from "@grpc/grpc-js";
import protobuf from "protobufjs";

/** The part of opentelemetry-proto 1.x that is looked at here, by its published field numbers. */
const SCHEMA = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message MetricsRequest { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message ScopeMetrics { repeated Metric metrics = 2; }
message Metric { string name = 1; string unit = 3; oneof data { Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; } }
message Gauge { repeated NumberPoint data_points = 1; }
message Sum { repeated NumberPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Histogram { repeated HistogramPoint data_points = 1; }
message NumberPoint { repeated KeyValue attributes = 7; oneof value { double as_double = 4; sfixed64 as_int = 6; } }
message HistogramPoint {
  repeated KeyValue attributes = 9; fixed64 count = 4; double sum = 5; repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7;
}
message TracesRequest { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message ScopeSpans { repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6; repeated KeyValue attributes = 9;
  repeated Event events = 11; repeated Link links = 13; Status status = 15;
}
message Event { string name = 2; repeated KeyValue attributes = 3; }
message Link { bytes trace_id = 1; bytes span_id = 2; }
message Status { string message = 2; int32 code = 3; }
`;

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SinkPoint {
  readonly attributes: Attributes;
  /** Of a histogram: how many values. */
  readonly value: number;
  /** Of a histogram: by bucket. */
  readonly buckets?: readonly number[];
}

export interface SinkSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty without one. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly attributes: Attributes;
  readonly links: readonly string[];
  readonly exceptions: readonly Attributes[];
  readonly isError: boolean;
}

export interface OtlpSink {
  readonly endpoint: string;
  /** How often metrics came. */
  readonly exports: number;
  readonly resource: Attributes;
  /** As told last. */
  readonly metrics: ReadonlyMap<string, readonly SinkPoint[]>;
  readonly spans: readonly SinkSpan[];
  stop(): void;
}

/* oxlint-disable typescript/no-explicit-any -- decoded by a schema that the compiler does not know */
export async function startOtlpSink(): Promise<OtlpSink> {
  const { root } = protobuf.parse(SCHEMA, { keepCase: true });
  const decode = (type: string, bytes: Buffer): any => {
    const message = root.lookupType(type);
    return message.toObject(message.decode(bytes), { longs: Number, bytes: String, arrays: true });
  };
  const metrics = new Map<string, readonly SinkPoint[]>();
  const spans: SinkSpan[] = [];
  let resource: Attributes = {};
  let exports = 0;

  const server = new Server();
  const serve = (service: string, take: (bytes: Buffer) => void): void => {
    const handler: handleUnaryCall<Buffer, Buffer> = (call, reply) => {
      take(call.request);
      reply(null, Buffer.alloc(0));
    };
    const same = (bytes: Buffer): Buffer => bytes;
    const formats = {
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    const path = `/opentelemetry.proto.collector.${service}/Export`;
    server.addService(
      { export: { path, requestStream: false, responseStream: false, ...formats } },
      { export: handler },
    );
  };
  serve("metrics.v1.MetricsService", (bytes) => {
    exports += 1;
    for (const each of decode("MetricsRequest", bytes).resource_metrics) {
      resource = attributesOf(each.resource.attributes);
      for (const metric of each.scope_metrics.flatMap((scope: any) => scope.metrics))
        metrics.set(metric.name, pointsOf(metric));
    }
  });
  serve("trace.v1.TraceService", (bytes) => {
    for (const each of decode("TracesRequest", bytes).resource_spans) {
      spans.push(...each.scope_spans.flatMap((scope: any) => scope.spans).map(spanOf));
    }
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    metrics,
    spans,
    get exports() {
      return exports;
    },
    get resource() {
      return resource;
    },
    stop: () => server.forceShutdown(),
  };
}

function attributesOf(pairs: readonly any[]): Attributes {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]])) as Attributes;
}

function pointsOf({ gauge, sum, histogram }: any): readonly SinkPoint[] {
  if (histogram !== undefined) {
    return histogram.data_points.map((point: any) => ({
      attributes: attributesOf(point.attributes),
      value: point.count,
      buckets: point.bucket_counts,
    }));
  }
  return (gauge ?? sum).data_points.map((point: any) => ({
    attributes: attributesOf(point.attributes),
    value: point.as_int ?? point.as_double,
  }));
}

function spanOf(span: any): SinkSpan {
  return {
    traceId: hexOf(span.trace_id),
    spanId: hexOf(span.span_id),
    parentSpanId: hexOf(span.parent_span_id),
    name: span.name,
    attributes: attributesOf(span.attributes),
    links: span.links.map((link: any) => hexOf(link.span_id)),
    exceptions: span.events
      .filter((event: any) => event.name === "exception")
      .map((event: any) => attributesOf(event.attributes)),
    isError: span.status?.code === 2,
  };
}

function hexOf(base64: string | undefined): string {
  return Buffer.from(base64 ?? "", "base64").toString("hex");
}
