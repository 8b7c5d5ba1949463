import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { METRICS, readMetrics } from "../../../src/telemetry/metrics.ts";
import { prometheusName } from "../../../src/telemetry/prometheus.ts";
import { createStatus, createSubscription } from "../health/engine-status.ts";
import { createSnapshot, numbersOf } from "./snapshot.ts";

const ROOT = new URL("../../../", import.meta.url);
const AUDIT = { subscription: "shop.AuditHandler", handler: "AuditHandler", stream: "order" };

describe("the catalogue", () => {
  test("has what the contract names", () => {
    const promised =
      "subscription.messages_processed subscription.processing_duration subscription.retries subscription.dlq_routed " +
      "subscription.circuit_breaker.state subscription.consumer_lag subscription.lag_seconds subscription.pending_messages " +
      "subscription.oldest_pending_seconds subscription.in_flight dlq.trimmed dlq.alerts dlq.depth dlq.oldest_seconds " +
      "up uptime_seconds active_subscriptions broker.pool_active_connections event_loop.delay";
    const names = METRICS.map(({ name }) => name);
    assert.deepEqual(
      promised.split(" ").filter((name) => !names.includes(`engine.${name}`)),
      [],
    );
  });

  test("names every metric once, in OpenTelemetry as in Prometheus", () => {
    assert.equal(new Set(METRICS.map(({ name }) => name)).size, METRICS.length);
    assert.equal(new Set(METRICS.map(prometheusName)).size, METRICS.length);
  });

  test("reads points that carry exactly the labels it declares", () => {
    for (const { name, labels, points } of readMetrics(createSnapshot())) {
      assert.ok(points.length > 0, name);
      for (const point of points) assert.deepEqual(Object.keys(point.labels), labels, name);
    }
  });

  test("leaves out what is unknown, and shows 0 where it is 0", () => {
    const unknown = { lag: null, lagSeconds: null, pending: null, oldestPendingSeconds: null };
    const families = readMetrics(
      createSnapshot({
        status: createStatus({ subscriptions: [createSubscription(unknown)] }),
        deadLetters: new Map([["s", { dlqStream: "d", trimmed: null, alerts: null, depth: null, oldestSeconds: 0 }]]),
        brokerConnections: new Map([["default", null]]),
        eventLoopDelay: null,
      }),
    );
    for (const name of ["consumer_lag", "lag_seconds", "pending_messages", "oldest_pending_seconds"]) {
      assert.deepEqual(numbersOf(families, `engine.subscription.${name}`), [], name);
    }
    for (const name of [
      "engine.dlq.depth",
      "engine.dlq.trimmed",
      "engine.broker.pool_active_connections",
      "engine.event_loop.delay",
    ]) {
      assert.deepEqual(numbersOf(families, name), [], name);
    }
    assert.deepEqual(numbersOf(families, "engine.dlq.oldest_seconds"), [[{ dlq_stream: "d" }, 0]]);
    assert.deepEqual(numbersOf(families, "engine.subscription.in_flight"), [[AUDIT, 0]]);
  });

  test("counts each message under the one status in which it ended", () => {
    const { counts } = createSubscription();
    const audit = createSubscription({
      counts: {
        ...counts,
        succeeded: 5,
        failed: 9,
        retried: 6,
        deadLettered: 3,
        missing: 1,
        discarded: 2,
        unhandled: 4,
        fenced: 8,
      },
    });
    const families = readMetrics(createSnapshot({ status: createStatus({ subscriptions: [audit] }) }));
    assert.deepEqual(numbersOf(families, "engine.subscription.messages_processed"), [
      [{ ...AUDIT, status: "success" }, 5],
      [{ ...AUDIT, status: "unhandled" }, 4],
      [{ ...AUDIT, status: "discarded" }, 2],
      [{ ...AUDIT, status: "dead_lettered" }, 3],
    ]);
    assert.deepEqual(numbersOf(families, "engine.subscription.dlq_routed"), [[AUDIT, 4]]);
    assert.deepEqual(numbersOf(families, "engine.subscription.retries"), [[AUDIT, 6]]);
  });

  test("tells the states of engine and circuit as numbers", () => {
    for (const [state, up] of [
      ["running", 1],
      ["starting", 0],
      ["stopping", 0],
    ] as const) {
      assert.deepEqual(numbersOf(readMetrics(createSnapshot({ status: createStatus({ state }) })), "engine.up"), [
        [{}, up],
      ]);
    }
    for (const [circuitState, number] of [
      ["closed", 0],
      ["half_open", 1],
      ["open", 2],
    ] as const) {
      const status = createStatus({ subscriptions: [createSubscription({ circuitState })] });
      const families = readMetrics(createSnapshot({ status }));
      assert.deepEqual(numbersOf(families, "engine.subscription.circuit_breaker.state"), [[AUDIT, number]]);
    }
  });
});

describe("what is written about the metrics", () => {
  /** The names under which Prometheus stores a metric. */
  const stored = new Set(
    METRICS.flatMap((metric) => {
      const name = prometheusName(metric);
      return metric.kind === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    }),
  );

  test("docs/reference/metrics.md has exactly the catalogue", () => {
    const page = readFileSync(new URL("docs/reference/metrics.md", ROOT), "utf8");
    const rows = [
      ...page.matchAll(/^\| `(engine\.[\w.]+)` \| `(\w+)` \| (\w+) \| (?:`(.+?)`)? ?\| (.*?) ?\| (.+) \|$/gm),
    ].map((match) => match.slice(1));
    const expected = METRICS.map((metric) => [
      metric.name,
      prometheusName(metric),
      metric.kind,
      metric.unit === "1" ? undefined : metric.unit,
      metric.labels.map((label) => `\`${label}\``).join(" "),
      metric.description,
    ]);
    assert.deepEqual(rows, expected);
  });

  for (const folder of ["deploy/grafana", "deploy/prometheus"]) {
    for (const file of readdirSync(new URL(`${folder}/`, ROOT))) {
      test(`${folder}/${file} uses only names that exist`, () => {
        const names = metricNames(readFileSync(new URL(`${folder}/${file}`, ROOT), "utf8"));
        assert.ok(names.length > 5, "it names metrics");
        assert.deepEqual(
          names.filter((name) => !stored.has(name)),
          [],
        );
      });
    }
  }

  test("the dashboard shows every metric", () => {
    const names = metricNames(readFileSync(new URL("deploy/grafana/domain-engine.json", ROOT), "utf8"));
    const shown = METRICS.filter((metric) => names.some((name) => name.startsWith(prometheusName(metric))));
    assert.deepEqual(
      METRICS.filter((metric) => !shown.includes(metric)).map(({ name }) => name),
      [],
    );
  });

  test("there is an alert for each thing that somebody must be told", () => {
    const rules = readFileSync(new URL("deploy/prometheus/domain-engine.rules.yml", ROOT), "utf8");
    const alerts = [...rules.matchAll(/- alert: (\w+)\n\s+expr: (.+)\n/g)].map(([, , expression]) => expression ?? "");
    const watched = [
      "engine_up",
      "engine_dlq_depth",
      "engine_subscription_dlq_routed_total",
      "engine_subscription_consumer_lag",
    ];
    watched.push(
      "engine_subscription_oldest_pending_seconds",
      "engine_subscription_circuit_breaker_state",
      "engine_event_loop_delay_seconds",
    );
    for (const name of watched)
      assert.ok(
        alerts.some((expression) => expression.includes(name)),
        name,
      );
  });
});

function metricNames(text: string): string[] {
  return [...new Set(text.match(/\bengine_[a-z_]+\b/g))];
}
