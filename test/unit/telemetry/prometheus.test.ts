import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MetricFamily } from "../../../src/telemetry/metric.ts";
import { readMetrics } from "../../../src/telemetry/metrics.ts";
import { prometheusName, renderPrometheus } from "../../../src/telemetry/prometheus.ts";
import { createHistogram } from "../../../src/telemetry/histogram.ts";
import { createSnapshot } from "./snapshot.ts";

const FACTS = { name: "engine.test", unit: "{thing}", description: "Of a test.", labels: ["name"] };

describe("renderPrometheus", () => {
  test("writes HELP and TYPE once per metric, then its points", () => {
    const points = [
      { labels: { name: "a" }, value: 1 },
      { labels: { name: "b" }, value: 0.5 },
    ];
    assert.equal(
      renderPrometheus([{ ...FACTS, kind: "gauge", points }]),
      '# HELP engine_test Of a test.\n# TYPE engine_test gauge\nengine_test{name="a"} 1\nengine_test{name="b"} 0.5\n',
    );
  });

  test("escapes backslash, quote and line break in labels, and not the quote in HELP", () => {
    const family: MetricFamily = {
      ...FACTS,
      description: 'a "b"\\\nc',
      kind: "gauge",
      points: [{ labels: { name: '\\"\n' }, value: 1 }],
    };
    const [help, , line] = renderPrometheus([family]).split("\n");
    assert.equal(help, String.raw`# HELP engine_test a "b"\\\nc`);
    assert.equal(line, String.raw`engine_test{name="\\\"\n"} 1`);
  });

  test("leaves out a metric without points", () => {
    assert.equal(renderPrometheus([{ ...FACTS, kind: "counter", points: [] }]), "");
  });

  test("accumulates buckets, and ends them with +Inf equal to the count", () => {
    const histogram = createHistogram([0.1, 1]);
    // A value on a bound belongs below it.
    for (const value of [0.05, 0.1, 0.5, 2, 3]) histogram.record(value);
    const points = [{ labels: { name: "a" }, histogram: histogram.snapshot() }];
    const lines = renderPrometheus([{ ...FACTS, unit: "s", kind: "histogram", points }])
      .split("\n")
      .slice(2, -1);
    assert.deepEqual(lines, [
      'engine_test_seconds_bucket{name="a",le="0.1"} 2',
      'engine_test_seconds_bucket{name="a",le="1"} 3',
      'engine_test_seconds_bucket{name="a",le="+Inf"} 5',
      'engine_test_seconds_sum{name="a"} 5.65',
      'engine_test_seconds_count{name="a"} 5',
    ]);
  });

  test("gives every line of the whole catalogue the form the format asks for", () => {
    const text = renderPrometheus(readMetrics(createSnapshot()));
    assert.ok(text.endsWith("\n"));
    const label = String.raw`[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"`;
    const sample = new RegExp(String.raw`^[a-z_]+(?:\{${label}(?:,${label})*\})? [\d.e+-]+$`);
    for (const line of text.slice(0, -1).split("\n"))
      assert.match(line, /^# (?:HELP|TYPE) [a-z_]+ \S/.test(line) ? /^#/ : sample);
  });
});

test("a Prometheus name says unit and kind once", () => {
  const named = (name: string, unit: string, kind: "counter" | "gauge"): string => prometheusName({ name, unit, kind });
  assert.equal(
    named("engine.subscription.messages_processed", "{message}", "counter"),
    "engine_subscription_messages_processed_total",
  );
  assert.equal(named("engine.uptime_seconds", "s", "gauge"), "engine_uptime_seconds");
  assert.equal(named("engine.event_loop.delay", "s", "gauge"), "engine_event_loop_delay_seconds");
});
