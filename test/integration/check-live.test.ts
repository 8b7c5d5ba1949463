/** `engine check --live` against real servers, each with faults of its own planted. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { pino } from "pino";
import { z } from "zod";
import { createMemoryAdapter } from "../../src/adapters/memory/adapter.ts";
import { createRedisAdapter } from "../../src/adapters/redis/adapter.ts";
import { createContext } from "../../src/check/context.ts";
import { gatherFacts } from "../../src/check/live/gather.ts";
import { RULES } from "../../src/check/registry.ts";
import type { CheckContext, Finding } from "../../src/check/rule.ts";
import { runRules } from "../../src/check/run.ts";
import { resolveConfig } from "../../src/config/define.ts";
import { defineHandler, on } from "../../src/domain/define-handler.ts";
import { Domain } from "../../src/domain/domain.ts";
import { Event } from "../../src/domain/elements.ts";
import type { BrokerAdapter } from "../../src/ports/broker-adapter.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { systemClock } from "../../src/primitives/system-clock.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";

class OrderPlaced extends Event("OrderPlaced", z.object({ orderId: z.string(), total: z.number() })) {}

/** This build: it no longer handles OrderPaid, and wants `total` to be a number. */
function createDomain(): Domain {
  const domain = new Domain("shop");
  const order = domain.aggregate("Order", { events: [OrderPlaced], key: "orderId" });
  domain.register(
    defineHandler(
      { name: "Audit", partOf: order },
      on(OrderPlaced, () => undefined),
    ),
  );
  return domain;
}

interface Options {
  readonly url: string;
  readonly processes?: number;
  readonly clock?: Clock;
}

async function withAdapter<T>(url: string, use: (adapter: BrokerAdapter) => Promise<T>): Promise<T> {
  const adapter = createRedisAdapter({ name: "default", uri: url, maxConnections: 10, log: pino({ level: "silent" }) });
  try {
    await adapter.broker.connect(10_000, new AbortController().signal);
    return await use(adapter);
  } finally {
    await adapter.broker.close();
  }
}

function contextFor(url: string): CheckContext {
  const config = resolveConfig({ brokers: { default: { provider: "redis", URI: url } } });
  return createContext({ model: createDomain().model, config, cwd: ".", callbackFault: null });
}

async function checkLive({ url, processes = 1, clock = systemClock }: Options): Promise<readonly Finding[]> {
  const context = contextFor(url);
  const live = await withAdapter(url, (adapter) => gatherFacts({ context, adapter, clock, processes }));
  return (await runRules(RULES, { ...context, live })).findings;
}

function messagesOf(findings: readonly Finding[], code: string): readonly string[] {
  return findings.filter((finding) => finding.code === code).map(({ message }) => message);
}

const event = (type: string, data: object): string[] => ["type", type, "data", JSON.stringify(data)];
const good = event("OrderPlaced", { orderId: "1", total: 5 });
const bad = event("OrderPlaced", { orderId: "1", total: "5" });
const GROUP = "shop.Audit";

/** Of every key and its value. */
async function digestOf(server: RedisServer): Promise<string> {
  const digest = await server.cli("DEBUG", "DIGEST");
  assert.match(digest, /^[0-9a-f]{40}$/);
  return digest;
}

describe("engine check --live, on a good server", () => {
  let server: RedisServer;
  before(async () => {
    const memory = ["--maxmemory", "100mb", "--maxmemory-policy", "noeviction"];
    server = await startRedis({ appendonly: true, args: [...memory, "--enable-debug-command", "local"] });
  });
  after(() => server.stop());

  it("finds nothing but what its version is known for", async () => {
    await server.cli("XADD", "order", "*", ...good);
    const findings = await checkLive({ url: server.url });
    assert.deepEqual(
      findings.filter(({ code }) => code !== "CHECK_REDIS_VULNERABLE"),
      [],
    );
    assert.equal(messagesOf(findings, "CHECK_REDIS_VULNERABLE").length, 1);
  });

  it("finds a clock that is 10 s off", async () => {
    const clock: Clock = { now: () => systemClock.now() - 10_000, monotonicMs: () => systemClock.monotonicMs() };
    const [message = ""] = messagesOf(await checkLive({ url: server.url, clock }), "CHECK_REDIS_CLOCK_SKEW");
    assert.match(message, /^the server's clock is (?:9|10)\.\d s ahead of/);
  });

  it("finds more connections than the server takes", async () => {
    await server.cli("CONFIG", "SET", "maxclients", "100");
    assert.match(
      messagesOf(await checkLive({ url: server.url, processes: 60 }), "CHECK_REDIS_CONNECTIONS")[0] ?? "",
      /120; maxclients is 100/,
    );
    assert.match(
      messagesOf(await checkLive({ url: server.url, processes: 47 }), "CHECK_REDIS_CONNECTIONS")[0] ?? "",
      /94; \d+ are open now/,
    );
    await server.cli("CONFIG", "SET", "maxclients", "4000");
  });

  it("finds a user without the right to dead-letter, by asking", async () => {
    await server.cli("ACL", "SETUSER", "narrow", "on", ">pw", "~*", "+@all", "-xadd");
    const url = server.url.replace("redis://", "redis://narrow:pw@");
    assert.match(
      messagesOf(await checkLive({ url }), "CHECK_REDIS_RIGHTS")[0] ?? "",
      /^user narrow may not: XADD on order, XADD on \{order\}:replay:shop\.Audit/,
    );
  });

  it("finds keys that a user may not touch", async () => {
    await server.cli(
      "ACL",
      "SETUSER",
      "keyed",
      "on",
      ">pw",
      "~order",
      "~{order}:replay:*",
      "~{order}:history:*",
      "~{order}:replay-history:*",
      "%R~{order}:dlq:*",
      "+@all",
    );
    const [message = ""] = messagesOf(
      await checkLive({ url: server.url.replace("redis://", "redis://keyed:pw@") }),
      "CHECK_REDIS_RIGHTS",
    );
    assert.match(message, /XADD on \{order\}:dlq:shop\.Audit/);
    assert.doesNotMatch(message, /on order\b|replay/);
  });

  it("finds a missing right of a user that may not ask, by trying what has no effect", async () => {
    await server.cli(
      "ACL",
      "SETUSER",
      "mute",
      "on",
      ">pw",
      "~*",
      "+@all",
      "-@admin",
      "-@dangerous",
      "+info",
      "-xclaim",
      "-acl",
    );
    const url = server.url.replace("redis://", "redis://mute:pw@");
    const untouched = await digestOf(server);
    const findings = await checkLive({ url });
    assert.equal(await digestOf(server), untouched);
    assert.match(messagesOf(findings, "CHECK_REDIS_RIGHTS")[0] ?? "", /may not: XCLAIM$/);
    await server.cli("ACL", "SETUSER", "mute", "+xclaim");
    assert.match(messagesOf(await checkLive({ url }), "CHECK_REDIS_RIGHTS")[0] ?? "", /could not be found out/);
  });
});

describe("engine check --live, on a server that is set up badly", () => {
  it("finds eviction, missing persistence and unbounded memory", async () => {
    const server = await startRedis({ args: ["--maxmemory-policy", "allkeys-lru"] });
    try {
      const findings = await checkLive({ url: server.url });
      assert.match(messagesOf(findings, "CHECK_REDIS_EVICTION")[0] ?? "", /allkeys-lru/);
      assert.match(messagesOf(findings, "CHECK_REDIS_DURABILITY")[0] ?? "", /class D/);
      assert.match(messagesOf(findings, "CHECK_REDIS_MAXMEMORY")[0] ?? "", /not set/);
      await server.cli("CONFIG", "SET", "save", "3600 1");
      assert.match(
        messagesOf(await checkLive({ url: server.url }), "CHECK_REDIS_DURABILITY")[0] ?? "",
        /class C \(appendonly no, save 3600 1\)/,
      );
    } finally {
      await server.stop();
    }
  });

  it("tells the classes A and B from each other, and finds neither", async () => {
    const server = await startRedis({ appendonly: true });
    try {
      for (const [fsync, durability] of [
        ["always", "A"],
        ["everysec", "B"],
        ["no", "C"],
      ] as const) {
        await server.cli("CONFIG", "SET", "appendfsync", fsync);
        const facts = await withAdapter(server.url, (adapter) => adapter.facts.server());
        assert.equal(facts.durability, durability, fsync);
      }
    } finally {
      await server.stop();
    }
  });

  it("finds a cluster, and a replica, behind a URI for one server", async () => {
    const cluster = await startRedis({ args: ["--cluster-enabled", "yes"] });
    const replica = await startRedis({ args: ["--replicaof", "127.0.0.1", "1"] });
    try {
      // Its slots are not assigned: every stream would answer CLUSTERDOWN.
      assert.match(messagesOf(await checkLive({ url: cluster.url }), "CHECK_REDIS_CLUSTER")[0] ?? "", /cluster mode/);
      assert.match(
        messagesOf(await checkLive({ url: replica.url }), "CHECK_REDIS_REPLICA")[0] ?? "",
        /read-only replica/,
      );
    } finally {
      await cluster.stop();
      await replica.stop();
    }
  });
});

describe("engine check --live, on streams in a bad state", () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis({ appendonly: true, args: ["--enable-debug-command", "local"] });
  });
  after(() => server.stop());

  it("finds groups and dead letters of handlers that are gone, and their pending", async () => {
    await server.cli("FLUSHALL");
    await server.cli("XADD", "order", "*", ...good);
    await server.cli("XGROUP", "CREATE", "order", "shop.Removed", "0");
    await server.cli("XGROUP", "CREATE", "order", "other.Audit", "0");
    await server.cli("XREADGROUP", "GROUP", "shop.Removed", "gone", "COUNT", "1", "STREAMS", "order", ">");
    await server.cli("XADD", "order", "*", ...good);
    await server.cli("XADD", "{order}:dlq:shop.Removed", "*", ...good, "failure", "{}");
    const findings = await checkLive({ url: server.url });
    assert.deepEqual(messagesOf(findings, "CHECK_GROUP_ORPHANED"), [
      'the group shop.Removed on "order" belongs to no handler: 1 pending, 1 not delivered',
    ]);
    assert.deepEqual(messagesOf(findings, "CHECK_DEAD_LETTERS_ORPHANED"), [
      '1 dead letters of shop.Removed on "order" belong to no handler',
    ]);
  });

  it("finds ids from the future, and keys that hold something else", async () => {
    await server.cli("FLUSHALL");
    await server.cli("XADD", "order", "9999999999999-5", ...good);
    await server.cli("SET", `{order}:dlq:${GROUP}`, "in the way");
    const findings = await checkLive({ url: server.url });
    assert.match(messagesOf(findings, "CHECK_STREAM_FUTURE_IDS")[0] ?? "", /9999999999999-5/);
    assert.deepEqual(messagesOf(findings, "CHECK_STREAM_WRONG_TYPE"), [
      `the key "{order}:dlq:${GROUP}" of ${GROUP} holds a string`,
    ]);
    await server.cli("DEL", "order");
    await server.cli("SET", "order", "in the way");
    assert.match(
      messagesOf(await checkLive({ url: server.url }), "CHECK_STREAM_WRONG_TYPE")[0] ?? "",
      /the key "order" holds a string/,
    );
  });

  it("finds dead letters at their threshold", async () => {
    await server.cli("FLUSHALL");
    for (let count = 0; count < 100; count += 1)
      await server.cli("XADD", `{order}:dlq:${GROUP}`, "*", ...good, "failure", "{}");
    assert.deepEqual(messagesOf(await checkLive({ url: server.url }), "CHECK_DEAD_LETTERS_DEPTH"), [
      `${GROUP} has 100 dead letters; the threshold is 100`,
    ]);
  });

  /** Pending: good, bad. Undelivered: bad, a type nobody handles. Replayed: bad. Dead: bad, one that was invalid before, another type. */
  async function plantFlight(): Promise<void> {
    await server.cli("FLUSHALL");
    for (const fields of [good, bad]) await server.cli("XADD", "order", "*", ...fields);
    await server.cli("XGROUP", "CREATE", "order", GROUP, "0");
    await server.cli("XREADGROUP", "GROUP", GROUP, "c", "COUNT", "10", "STREAMS", "order", ">");
    await server.cli("XADD", "order", "*", ...bad);
    await server.cli("XADD", "order", "*", ...event("OrderPaid", { orderId: "1" }));
    await server.cli(
      "XADD",
      `{order}:replay:${GROUP}`,
      "*",
      ...bad,
      "replay",
      JSON.stringify({ replayOf: "1-0", replays: 1 }),
    );
    const failure = (reason: string): string[] => [
      "failure",
      JSON.stringify({ reason, error: { name: "E", message: "m" } }),
    ];
    await server.cli("XADD", `{order}:dlq:${GROUP}`, "*", ...bad, ...failure("retries_exhausted"));
    await server.cli("XADD", `{order}:dlq:${GROUP}`, "*", "event", "{", ...failure("invalid_message"));
    await server.cli(
      "XADD",
      `{order}:dlq:${GROUP}`,
      "*",
      ...event("OrderPaid", { orderId: "1" }),
      ...failure("permanent_error"),
    );
  }

  it("finds what is in flight and does not fit this build: pending, undelivered, replayed, dead", async () => {
    await plantFlight();
    const findings = await checkLive({ url: server.url });
    const reason = "(OrderPlaced): OrderPlaced does not fit its schema: total";
    const invalid = messagesOf(findings, "CHECK_IN_FLIGHT_INVALID").map((message) => message.split(reason)[0]);
    assert.deepEqual(invalid, [
      `${GROUP}: 1 of 2 pending messages `,
      `${GROUP}: 1 of 2 undelivered messages `,
      `${GROUP}: 1 of 1 replayed messages `,
    ]);
    assert.match(messagesOf(findings, "CHECK_DEAD_LETTERS_INVALID").join(), /1 of 2 dead messages \(OrderPlaced\)/);
    const unhandled = messagesOf(findings, "CHECK_IN_FLIGHT_UNHANDLED");
    assert.equal(unhandled.length, 2);
    assert.match(unhandled.join(), /1 of 2 undelivered messages \(OrderPaid\): Audit has no method for OrderPaid/);
    assert.match(unhandled.join(), /1 of 2 dead messages \(OrderPaid\)/);
  });

  it("sees the same on the embedded broker, entry for entry", async () => {
    await server.cli("FLUSHALL");
    const plant = async (adapter: BrokerAdapter): Promise<unknown> => {
      await adapter.broker.append([good, bad].map((fields) => ({ stream: "order", fields })));
      const consumer = adapter.broker.createConsumer({ stream: "order", group: GROUP, consumer: "c", startFrom: "0" });
      await consumer.ensureGroups();
      const [first] = await consumer.read(2, 10);
      assert.ok(first);
      const failure = JSON.stringify({ reason: "retries_exhausted", error: { name: "E", message: "m" } });
      await consumer.deadLetter(first, failure);
      await adapter.broker.append([{ stream: "order", fields: bad }]);
      const context = contextFor(server.url);
      const { subscriptions, streams } = await gatherFacts({ context, adapter, clock: systemClock, processes: 1 });
      const look = async (): Promise<unknown> =>
        (await gatherFacts({ context, adapter, clock: systemClock, processes: 1 })).subscriptions.map(
          ({ inFlight, dlqDepth }) => ({
            dlqDepth,
            inFlight: inFlight.map(({ where, sampled, isComplete, misfits }) => ({
              where,
              sampled,
              isComplete,
              problems: misfits.map(({ problem, type }) => [problem, type]),
            })),
          }),
        );
      const dead = await look();
      const { letters } = await adapter.deadLetters.list({ stream: "order", group: GROUP }, null, 1);
      await adapter.deadLetters.replay({ stream: "order", group: GROUP }, letters[0]?.id ?? "");
      return [
        dead,
        await look(),
        subscriptions[0]?.group?.pending,
        subscriptions[0]?.group?.lag,
        streams[0]?.facts.kind,
      ];
    };
    const onRedis = await withAdapter(server.url, plant);
    assert.deepEqual(onRedis, await plant(createMemoryAdapter("default")));
    assert.match(JSON.stringify(onRedis), /"where":"replay","sampled":1/);
  });

  it("looks at both ends of what is too much to look at", async () => {
    await server.cli("FLUSHALL");
    const fill = "for i = 1, 3000 do redis.call('XADD', KEYS[1], '*', unpack(ARGV)) end";
    await server.cli("XADD", "order", "*", ...bad);
    await server.cli("EVAL", fill, "1", "order", ...good);
    await server.cli("XADD", "order", "*", ...bad);
    const seen = /2 of 1000 looked at (\w+) messages/;
    assert.equal(
      seen.exec(messagesOf(await checkLive({ url: server.url }), "CHECK_IN_FLIGHT_INVALID").join())?.[1],
      "undelivered",
    );
    await server.cli("XGROUP", "CREATE", "order", GROUP, "0");
    await server.cli("XREADGROUP", "GROUP", GROUP, "c", "COUNT", "5000", "STREAMS", "order", ">");
    assert.equal(
      seen.exec(messagesOf(await checkLive({ url: server.url }), "CHECK_IN_FLIGHT_INVALID").join())?.[1],
      "pending",
    );
  });

  it("writes nothing: keys, groups, pending entries and dirty count stay as they were", async () => {
    await plantFlight();
    const state = async (): Promise<string> => {
      const parts = [await digestOf(server), await server.cli("DBSIZE"), await server.cli("XINFO", "GROUPS", "order")];
      const dirty = /rdb_changes_since_last_save:\d+/.exec(await server.cli("INFO", "persistence"))?.[0];
      return [...parts, dirty, await server.cli("XPENDING", "order", GROUP)].join("\n");
    };
    const untouched = await state();
    await checkLive({ url: server.url });
    assert.equal(await state(), untouched);
    assert.match(await server.cli("INFO", "commandstats"), /cmdstat_xrange/, "it did look");
  });
});
