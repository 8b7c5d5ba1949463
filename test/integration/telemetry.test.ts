/** What telemetry says is what happened; and whatever becomes of it, messages do not notice. */
import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { Writable } from "node:stream";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { trace } from "@opentelemetry/api";
import pino, { type Logger } from "pino";
import { z } from "zod";
import {
  createEngine,
  defineHandler,
  DiscardError,
  Domain,
  Event,
  on,
  PermanentError,
  type Engine,
} from "../../src/index.ts";
import { traceIdsOf } from "../../src/telemetry/tracing.ts";
import { startOtlpSink, type OtlpSink, type SinkSpan } from "../support/otlp-sink.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { until } from "../support/until.ts";

const silent = pino({ level: "silent" });

class Task extends Event(
  "Task",
  z.object({ n: z.number(), does: z.enum(["end", "flaky", "forbid", "fail", "discard", "raise"]) }),
) {}
class Unknown extends Event("Unknown", z.object({ n: z.number() })) {}
class Followed extends Event("Followed", z.object({ n: z.number() })) {}

interface TaskDomain {
  readonly domain: Domain;
  readonly stream: string;
  /** What handlers saw. */
  readonly runs: { type: string; n: number; traceparent: string | undefined }[];
}

/** Every name is its own: tests share a server. */
function taskDomain(name: string): TaskDomain {
  const domain = new Domain(name);
  const stream = `task_${name}`;
  const aggregate = domain.aggregate("Task", { category: stream, events: [Task, Unknown] });
  const results = domain.aggregate("Result", { category: `${stream}_result`, events: [Followed] });
  const runs: TaskDomain["runs"] = [];
  domain.register(
    defineHandler(
      { name: "Worker", partOf: aggregate },
      on(Task, async ({ n, does }, context) => {
        runs.push({ type: "Task", n, traceparent: context.message.traceparent });
        await Promise.resolve();
        if (does === "flaky" && context.attempt < 3) throw new Error("not yet, redis://user:hunter2@host");
        if (does === "forbid") throw new PermanentError("never");
        if (does === "fail") throw new Error("again and again");
        if (does === "discard") throw new DiscardError("of no use");
        if (does === "raise") {
          trace.getTracer("user").startSpan("user work").end();
          context.log.info("raising");
          context.publish(new Followed({ n }));
        }
      }),
    ),
    defineHandler(
      { name: "Follower", partOf: results },
      on(
        Followed,
        ({ n }, context) => void runs.push({ type: "Followed", n, traceparent: context.message.traceparent }),
      ),
    ),
  );
  return { domain, stream, runs };
}

interface EngineChoice {
  readonly redis: RedisServer;
  readonly telemetry?: object;
  readonly log?: Logger;
}

function engineFor({ domain }: TaskDomain, { redis, telemetry, log = silent }: EngineChoice): Promise<Engine> {
  return createEngine(
    domain,
    {
      brokers: { default: { provider: "redis", URI: redis.url } },
      server: {
        health: { port: 0 },
        defaults: {
          retry_delay_seconds: 0.01,
          retry_max_delay_seconds: 0.02,
          blocking_timeout_ms: 200,
          circuit_breaker_threshold: 100_000,
        },
      },
      ...(telemetry === undefined ? {} : { telemetry: { enabled: true, ...telemetry } }),
    },
    { logger: log },
  );
}

/** The samples of a scrape, by name and labels as written. */
async function scrape(engine: Engine): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${engine.healthUrl}/metrics`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
}

const PLAN = { end: 400, flaky: 30, forbid: 7, fail: 5, discard: 4 } as const;
const UNKNOWN = 6;

async function publishPlan({ domain }: TaskDomain): Promise<number> {
  const tasks = Object.entries(PLAN).flatMap(([does, count]) =>
    Array.from({ length: count }, (_, n) => new Task({ n, does: does as keyof typeof PLAN })),
  );
  await domain.publishAll(tasks);
  await domain.publishAll(Array.from({ length: UNKNOWN }, (_, n) => new Unknown({ n })));
  return tasks.length + UNKNOWN;
}

const ENDS = {
  success: PLAN.end + PLAN.flaky,
  dead_lettered: PLAN.forbid + PLAN.fail,
  discarded: PLAN.discard,
  unhandled: UNKNOWN,
};
/** max_retries is 3: four runs each. */
const RETRIES = PLAN.flaky * 2 + PLAN.fail * 3;
const FAILURES = PLAN.flaky * 2 + PLAN.fail * 4 + PLAN.forbid;

describe("telemetry", () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis();
  });
  after(() => redis.stop());

  test("a scrape and a collector agree with what was processed, to the message", async (t) => {
    const sink = await startOtlpSink();
    t.after(() => sink.stop());
    const tasks = taskDomain("exact");
    const engine = await engineFor(tasks, {
      redis,
      telemetry: { endpoint: sink.endpoint, export_interval_seconds: 0.2 },
    });
    t.after(() => engine.stop());
    await engine.start();
    const total = await publishPlan(tasks);
    await engine.whenIdle();
    await engine.runMaintenance();

    const scraped = await scrape(engine);
    const labels = `subscription="exact.Worker",handler="Worker",stream="${tasks.stream}"`;
    for (const [status, count] of Object.entries(ENDS)) {
      assert.equal(
        scraped.get(`engine_subscription_messages_processed_total{${labels},status="${status}"}`),
        count,
        status,
      );
    }
    assert.equal(
      Object.values(ENDS).reduce((sum, count) => sum + count),
      total,
    );
    const expected = {
      retries_total: RETRIES,
      failures_total: FAILURES,
      dlq_routed_total: ENDS.dead_lettered,
      processing_duration_seconds_count: total + RETRIES,
      consumer_lag: 0,
      pending_messages: 0,
      in_flight: 0,
      circuit_breaker_state: 0,
    };
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(scraped.get(`engine_subscription_${name}{${labels}}`), value, name);
    }
    const dlq = `{${tasks.stream}}:dlq:exact.Worker`;
    assert.equal(scraped.get(`engine_dlq_depth{dlq_stream="${dlq}"}`), ENDS.dead_lettered);
    assert.equal(Number(await redis.cli("XLEN", dlq)), ENDS.dead_lettered);
    assert.equal(scraped.get("engine_up"), 1);
    assert.equal(scraped.get("engine_active_subscriptions"), 2);
    const clients = (await redis.cli("CLIENT", "LIST")).split("\n").filter((line) => line.includes(" name=engine:"));
    assert.equal(scraped.get('engine_broker_pool_active_connections{broker="default"}'), clients.length);
    assert.ok(scraped.has('engine_event_loop_delay_seconds{stat="p99"}'));

    await until("the collector was told while the engine ran", () => sink.exports > 0);
    await engine.stop();
    assert.deepEqual(endsToldTo(sink, "exact.Worker"), ENDS);
    const told = (name: string): number | undefined =>
      sink.metrics.get(name)?.find(({ attributes }) => attributes["subscription"] === "exact.Worker")?.value;
    assert.equal(told("engine.subscription.retries"), RETRIES);
    assert.equal(told("engine.subscription.failures"), FAILURES);
    assert.equal(told("engine.subscription.dlq_routed"), ENDS.dead_lettered);
    assert.equal(told("engine.subscription.processing_duration"), total + RETRIES);
    const names = engine
      .metrics()
      .filter(({ points }) => points.length > 0)
      .map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => !sink.metrics.has(name)),
      [],
      "the collector knows every metric",
    );
    assert.equal(sink.resource["service.name"], "exact");
  });

  test("a trace goes from publisher through handler to what the handler publishes", async (t) => {
    const sink = await startOtlpSink();
    t.after(() => sink.stop());
    const lines: Record<string, unknown>[] = [];
    const log = pino(
      { level: "info" },
      new Writable({ write: (chunk, _, done) => (lines.push(JSON.parse(String(chunk))), done()) }),
    );
    const tasks = taskDomain("traced");
    const telemetry = { endpoint: sink.endpoint, trace_sample_ratio: 1, service_name: "tasks" };
    const engine = await engineFor(tasks, { redis, telemetry, log });
    t.after(() => engine.stop());
    await engine.start();
    await tasks.domain.publish(new Task({ n: 1, does: "raise" }));
    await tasks.domain.publish(new Task({ n: 2, does: "flaky" }));
    await until(
      "all were handled",
      () => tasks.runs.some(({ type }) => type === "Followed") && tasks.runs.filter(({ n }) => n === 2).length === 3,
    );
    await engine.whenIdle();
    await engine.stop();

    const [first] = tasks.runs.filter(({ n }) => n === 1);
    const { traceId = "" } = traceIdsOf(first?.traceparent) ?? {};
    const spans = sink.spans.filter((span) => span.traceId === traceId);
    const named = (name: string): SinkSpan => {
      const span = spans.find((each) => each.name === name);
      assert.ok(span, `${name} is among ${spans.map((each) => each.name).join(", ")}`);
      return span;
    };
    const published = spans.find(({ parentSpanId }) => parentSpanId === "");
    assert.equal(published?.attributes["messaging.operation.name"], "publish");
    const processed = named(`process ${tasks.stream}`);
    assert.equal(processed.parentSpanId, published?.spanId);
    assert.equal(processed.attributes["messaging.consumer.group.name"], "traced.Worker");
    assert.equal(processed.attributes["messaging.system"], "redis");
    assert.equal(processed.attributes["engine.outcome"], "ack");
    assert.equal(named("user work").parentSpanId, processed.spanId, "a span the handler opened is a child of its run");
    const raised = spans.find(
      (span) => span.attributes["engine.message.type"] === "Followed" && span.name.startsWith("publish"),
    );
    assert.equal(raised?.parentSpanId, processed.spanId);
    assert.equal(named(`process ${tasks.stream}_result`).parentSpanId, raised?.spanId);
    assert.equal(sink.resource["service.name"], "tasks");
    assert.ok(sink.exports > 0, "the last numbers are told at the stop");

    const received = sink.spans.filter(({ name }) => name === `receive ${tasks.stream}`);
    const batch = received.find(({ spanId }) => processed.links.includes(spanId));
    assert.ok(batch, "the run is linked to the batch it came with");
    assert.ok(published && batch.links.includes(published.spanId), "and the batch to the publisher");

    const attempts = sink.spans.filter((span) => span.name === `process ${tasks.stream}` && span.traceId !== traceId);
    assert.deepEqual(
      attempts.map((span) => span.attributes["engine.attempt"]),
      [1, 2, 3],
    );
    assert.deepEqual(
      attempts.map(({ isError }) => isError),
      [true, true, false],
    );
    assert.equal(new Set(attempts.map(({ parentSpanId }) => parentSpanId)).size, 1, "attempts are siblings");
    const [exception] = attempts[0]?.exceptions ?? [];
    assert.match(String(exception?.["exception.message"]), /^not yet, redis:\/\/user:.*@host$/);
    assert.doesNotMatch(JSON.stringify(sink.spans), /hunter2/);

    const raising = lines.find(({ msg }) => msg === "raising");
    assert.equal(raising?.["traceId"], traceId);
    assert.equal(raising?.["spanId"], processed.spanId);
    assert.equal(lines.find(({ msg }) => msg === "handler failed: will retry")?.["traceId"], attempts[0]?.traceId);
  });

  test("a message goes on in the trace it came with, and is not traced when that says so", async (t) => {
    const sink = await startOtlpSink();
    t.after(() => sink.stop());
    const tasks = taskDomain("foreign");
    const engine = await engineFor(tasks, { redis, telemetry: { endpoint: sink.endpoint, trace_sample_ratio: 0 } });
    t.after(() => engine.stop());
    await engine.start();
    const add = (n: number, traceparent: string): Promise<string> =>
      redis.cli(
        "XADD",
        tasks.stream,
        "*",
        "type",
        "Task",
        "data",
        JSON.stringify({ n, does: "end" }),
        "traceparent",
        traceparent,
      );
    const sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await add(1, sampled);
    await add(2, "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
    await add(3, "no traceparent at all");
    await until("all were handled", () => tasks.runs.length === 3);
    await engine.stop();
    assert.deepEqual(
      sink.spans.map(({ name, traceId, parentSpanId }) => [name, traceId, parentSpanId]),
      [[`process ${tasks.stream}`, "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"]],
    );
  });

  test("a collector that refuses touches no message, and costs one line", async (t) => {
    const warnings: string[] = [];
    const log = pino(
      { level: "warn" },
      new Writable({ write: (chunk, _, done) => (warnings.push(String(chunk)), done()) }),
    );
    const tasks = taskDomain("refused");
    const endpoint = `http://127.0.0.1:${await closedPort()}`;
    const engine = await engineFor(tasks, {
      redis,
      log,
      telemetry: { endpoint, export_interval_seconds: 0.1, trace_sample_ratio: 1 },
    });
    t.after(() => engine.stop());
    await engine.start();
    await tasks.domain.publishAll(Array.from({ length: 300 }, (_, n) => new Task({ n, does: "end" })));
    await engine.whenIdle();
    await until("the failures were noticed", () => warnings.length > 0);
    const { steps } = await engine.stop();
    assert.equal(tasks.runs.length, 300);
    assert.deepEqual(
      steps.map(({ outcome }) => outcome).filter((outcome) => outcome !== "ok"),
      [],
    );
    const told = warnings.filter((line) => line.includes("could not be exported"));
    assert.deepEqual(told.map((line) => (JSON.parse(line) as { signal: string }).signal).toSorted(), [
      "metrics",
      "traces",
    ]);
  });

  test("a collector that never answers holds up neither messages nor the shutdown", async (t) => {
    const hole = await startBlackHole();
    t.after(() => hole.stop());
    const tasks = taskDomain("hole");
    const engine = await engineFor(tasks, {
      redis,
      telemetry: { endpoint: hole.endpoint, export_interval_seconds: 60, trace_sample_ratio: 1 },
    });
    t.after(() => engine.stop());
    await engine.start();
    await tasks.domain.publishAll(Array.from({ length: 300 }, (_, n) => new Task({ n, does: "end" })));
    await engine.whenIdle();
    await until("something was sent to it", () => hole.connections() > 0);
    const report = await engine.stop();
    assert.equal(tasks.runs.length, 300);
    const flush = report.steps.find(({ name }) => name === "flush telemetry");
    // Two seconds are its own; the step has half a second more, and counts as too long after that.
    assert.equal(flush?.outcome, "ok");
    const order = report.steps.map(({ name }) => name);
    assert.deepEqual(order.slice(-3), ["close brokers", "flush telemetry", "close health server"]);
  });

  test("without telemetry the scrape says the same, and messages go on carrying their trace", async (t) => {
    const tasks = taskDomain("plain");
    const engine = await engineFor(tasks, { redis });
    t.after(() => engine.stop());
    await engine.start();
    const total = await publishPlan(tasks);
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await tasks.domain.publish(new Task({ n: 9999, does: "raise" }), { traceparent });
    await until("what it raised was handled", () => tasks.runs.some(({ type }) => type === "Followed"));
    await engine.whenIdle();
    const scraped = await scrape(engine);
    await engine.stop();
    const sum = [...scraped]
      .filter(([name]) => /messages_processed_total\{.*plain\.Worker/.test(name))
      .reduce((all, [, value]) => all + value, 0);
    assert.equal(sum, total + 1);
    assert.equal(tasks.runs.find(({ type }) => type === "Followed")?.traceparent, traceparent);
  });
});

function endsToldTo(sink: OtlpSink, subscription: string): Record<string, number> {
  const points = sink.metrics.get("engine.subscription.messages_processed") ?? [];
  const own = points.filter(({ attributes }) => attributes["subscription"] === subscription);
  return Object.fromEntries(own.map(({ attributes, value }) => [String(attributes["status"]), value]));
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Accepts connections and says nothing. */
async function startBlackHole(): Promise<{ readonly endpoint: string; connections(): number; stop(): void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined).resume();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => sockets.length,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
