import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import { z } from "zod";
import { RULES } from "../../../src/check/registry.ts";
import type { Severity } from "../../../src/check/rule.ts";
import { Event } from "../../../src/domain/elements.ts";
import {
  check,
  CLEAN_TOML,
  createCleanShop,
  createShop,
  OrderPaid,
  OrderPlaced,
  type Planted,
  type Shop,
} from "./planted.ts";

interface Case extends Planted {
  readonly fault: string;
  readonly code: string;
  readonly severity?: Severity;
  readonly on: string;
  readonly message: RegExp;
  readonly line?: number;
}

const after = (line: string): string => `${CLEAN_TOML}\n${line}\n`;
const replaced = (from: string, to: string): string => CLEAN_TOML.replace(from, to);
const withHandler = (options: object, name = "Audit"): Shop => {
  const shop = createShop();
  return shop.handler({ name, partOf: shop.order, ...options }, OrderPlaced);
};
const withSchema = (schema: Parameters<typeof Event>[1], key: string | null = "orderId"): Shop => {
  class Odd extends Event("Odd", schema) {}
  const shop = createShop([Odd], key);
  return shop.handler({ name: "Audit", partOf: shop.order }, Odd);
};

class ForeignEvent extends Event("ForeignEvent", z.object({ orderId: z.string() })) {}
class OrderPLACED extends Event("orderplaced", z.object({ orderId: z.string() })) {}

function foreignShop(): Shop {
  const shop = createShop();
  shop.domain.aggregate("Invoice", { events: [OrderPaid], key: "orderId" });
  shop.handler({ name: "Books", stream: "invoice" }, OrderPaid);
  return shop.handler({ name: "Audit", partOf: shop.order }, OrderPlaced, OrderPaid);
}

const CASES: readonly Case[] = [
  {
    fault: "an event that nobody handles",
    shop: createShop([OrderPlaced, OrderPaid]).handler({ name: "Audit", stream: "order" }, OrderPlaced),
    code: "CHECK_EVENT_UNHANDLED",
    on: "OrderPaid",
    message: /no handler on the stream "order" takes OrderPaid/,
  },
  {
    fault: "a handler on another stream than its event's",
    shop: foreignShop(),
    code: "CHECK_HANDLER_FOREIGN_EVENT",
    on: "Audit",
    message: /Audit reads "order", and OrderPaid is published to "invoice"/,
  },
  {
    fault: "a handler of an event its aggregate does not declare",
    shop: createCleanShop().handler({ name: "Extra", stream: "order" }, ForeignEvent),
    code: "CHECK_HANDLER_UNKNOWN_EVENT",
    on: "Extra",
    message: /ForeignEvent, which aggregate Order/,
  },
  {
    fault: "an aggregate without events",
    shop: ((shop) => (shop.domain.aggregate("Empty"), shop))(createCleanShop()),
    code: "CHECK_AGGREGATE_NO_EVENTS",
    on: "Empty",
    message: /lists no events/,
  },
  {
    fault: "two aggregates on one stream",
    shop: ((shop) => (
      shop.domain.aggregate("Cart", { category: "order", events: [OrderPlaced], key: "orderId" }),
      shop
    ))(createCleanShop()),
    code: "CHECK_AGGREGATE_TWICE",
    on: "order",
    message: /share a stream/,
  },
  {
    fault: "two aggregates of one name",
    shop: ((shop) => (shop.domain.aggregate("Order", { category: "order2", events: [] }), shop))(createCleanShop()),
    code: "CHECK_AGGREGATE_TWICE",
    on: "Order",
    message: /two aggregates are called Order/,
  },
  {
    fault: "event types that differ only in case",
    shop: ((shop) => shop.handler({ name: "Audit", partOf: shop.order }, OrderPlaced, OrderPLACED))(
      createShop([OrderPlaced, OrderPLACED]),
    ),
    code: "CHECK_NAME_CASE",
    on: "OrderPlaced",
    message: /OrderPlaced, orderplaced differ only in case/,
  },
  {
    fault: "handlers that differ only in case",
    shop: createCleanShop().handler({ name: "audit", stream: "order" }, OrderPlaced),
    code: "CHECK_NAME_CASE",
    on: "shop.Audit",
    message: /shop\.Audit, shop\.audit/,
  },
  {
    fault: "a key that the schema has not",
    shop: withSchema(z.object({ id: z.string() })),
    code: "CHECK_EVENT_KEY_MISSING",
    on: "Odd",
    message: /the key of Odd is "orderId".*it has id/,
  },
  {
    fault: "a key that valibot's schema has not",
    shop: withSchema(v.object({ id: v.string() })),
    code: "CHECK_EVENT_KEY_MISSING",
    on: "Odd",
    message: /no such property/,
  },
  {
    fault: "a key that may be left out",
    shop: withSchema(z.object({ orderId: z.string().optional() })),
    code: "CHECK_EVENT_KEY_MISSING",
    severity: "warning",
    on: "Odd",
    message: /may be left out/,
  },
  {
    fault: "an event without a key and handlers at once",
    shop: withSchema(z.object({ id: z.string() }), null),
    code: "CHECK_EVENT_NO_KEY",
    on: "Odd",
    message: /handles 16 messages at once/,
  },
  {
    fault: "a date in a schema",
    shop: withSchema(z.object({ orderId: z.string(), lines: z.array(z.object({ at: z.date().optional() })) })),
    code: "CHECK_SCHEMA_NOT_JSON",
    on: "Odd",
    message: /"lines\.\[\]\.at" is a date/,
  },
  {
    fault: "a map in a valibot schema",
    shop: withSchema(v.object({ orderId: v.string(), tags: v.optional(v.map(v.string(), v.string())) })),
    code: "CHECK_SCHEMA_NOT_JSON",
    on: "Odd",
    message: /"tags" is a map/,
  },
  {
    fault: "a start at the end",
    shop: withHandler({ startFrom: "latest" }),
    code: "CHECK_START_LATEST",
    on: "Audit",
    message: /starts at the end/,
  },
  {
    fault: "a profile that does not exist",
    shop: withHandler({ subscriptionProfile: "prodution" }),
    code: "CHECK_HANDLER_SETTINGS",
    on: "Audit",
    message: /unknown profile "prodution"/,
  },
  {
    fault: "a section for a handler that is not there",
    toml: after("[server.subscriptions.Adit]\nmax_retries = 1"),
    code: "CHECK_SUBSCRIPTION_SECTION_UNMATCHED",
    on: "server.subscriptions.Adit",
    message: /did you mean "Audit"/,
    line: 13,
  },
  {
    fault: "a database that is not served",
    toml: after('[databases.default]\nprovider = "sqlite"\ndatabase_uri = ":memory:"'),
    code: "CHECK_SECTION_UNUSED",
    on: "databases.default",
    message: /not served/,
    line: 13,
  },
  {
    fault: "a cache that is not served",
    toml: after('[caches.main]\nprovider = "memory"'),
    code: "CHECK_SECTION_UNUSED",
    on: "caches.main",
    message: /not served/,
  },
  {
    fault: "retention of a stream that nobody reads",
    toml: after("[server.streams.ordr]\nretention_hours = 300"),
    code: "CHECK_SECTION_UNUSED",
    on: "server.streams.ordr",
    message: /matches no stream/,
    line: 13,
  },
  {
    fault: "a broker that is not used",
    toml: after('[brokers.other]\nprovider = "redis"\nURI = "rediss://h"'),
    code: "CHECK_SECTION_UNUSED",
    on: "brokers.other",
    message: /is not used/,
  },
  {
    fault: "a short lease",
    toml: after("[server.defaults]\nclaim_idle_ms = 3000"),
    code: "CHECK_LEASE_SHORT",
    on: "Audit",
    message: /holds messages for 3000 ms \(set by domain\.toml:14\)/,
    line: 14,
  },
  {
    fault: "no handler timeout",
    shop: withHandler({ subscriptionConfig: { handlerTimeoutSeconds: 0 } }),
    code: "CHECK_HANDLER_TIMEOUT_NONE",
    on: "Audit",
    message: /set by code/,
  },
  {
    fault: "retries for hours",
    shop: withHandler({ subscriptionConfig: { maxRetries: 100 } }),
    code: "CHECK_RETRY_STALLS_KEY",
    on: "Audit",
    message: /may wait 95 min/,
  },
  {
    fault: "a shutdown shorter than a handler",
    toml: replaced("shutdown_timeout_seconds = 30", "shutdown_timeout_seconds = 5"),
    code: "CHECK_SHUTDOWN_SHORT",
    on: "server.shutdown_timeout_seconds",
    message: /is 5, and Audit may run for 30 s/,
    line: 6,
  },
  {
    fault: "the debug profile",
    toml: replaced("[server]", '[server]\ndefault_subscription_profile = "debug"'),
    code: "CHECK_PROFILE_DEVELOPMENT",
    on: "Audit",
    message: /runs with profile debug/,
  },
  {
    fault: "a profile that inherits from fast",
    toml: after('[server.profiles.quick]\ninherits = "fast"\n[server.subscriptions.Audit]\nprofile = "quick"'),
    code: "CHECK_PROFILE_DEVELOPMENT",
    severity: "info",
    on: "Audit",
    message: /quick, which inherits from fast/,
  },
  {
    fault: "dead letters off",
    shop: withHandler({ subscriptionConfig: { enableDlq: false } }),
    code: "CHECK_DLQ_OFF",
    on: "Audit",
    message: /discards/,
  },
  {
    fault: "maintenance off",
    toml: replaced("[server.dlq]", "[server.dlq]\nenabled = false"),
    code: "CHECK_DLQ_MAINTENANCE_OFF",
    on: "server.dlq.enabled",
    message: /neither trimmed nor watched/,
    line: 11,
  },
  {
    fault: "dead letters kept for a day",
    toml: replaced("[server.dlq]", "[server.dlq]\nretention_hours = 24"),
    code: "CHECK_DLQ_RETENTION_SHORT",
    on: "Audit",
    message: /after 24 h/,
    line: 11,
  },
  {
    fault: "a threshold of a million",
    toml: replaced("[server.dlq]", "[server.dlq]\nalert_threshold = 1000000"),
    code: "CHECK_DLQ_THRESHOLD_HIGH",
    on: "Audit",
    message: /from 1000000 dead letters/,
  },
  {
    fault: "alerts to nobody",
    toml: replaced('alert_callback = "./alerts.js#onAlert"', ""),
    code: "CHECK_DLQ_ALERT_SILENT",
    on: "server.dlq.alert_callback",
    message: /no alert callback/,
  },
  {
    fault: "a callback that is not there",
    callbackFault: "there is no such file",
    code: "CHECK_ALERT_CALLBACK",
    on: "server.dlq.alert_callback",
    message: /no such file/,
    line: 11,
  },
  {
    fault: "no retention",
    toml: replaced("retention_hours = 200", ""),
    code: "CHECK_RETENTION_NONE",
    on: "order",
    message: /never trimmed/,
  },
  {
    fault: "retention shorter than that of the dead letters",
    toml: replaced("retention_hours = 200", "retention_hours = 100"),
    code: "CHECK_RETENTION_SHORT",
    on: "order",
    message: /keeps 100 h, its dead letters 168 h/,
    line: 7,
  },
  {
    fault: "no probes",
    toml: replaced('host = "0.0.0.0"', "enabled = false"),
    code: "CHECK_PROBE_OFF",
    on: "server.health.enabled",
    message: /is false/,
    line: 9,
  },
  {
    fault: "probes on the loopback",
    toml: replaced('host = "0.0.0.0"', ""),
    code: "CHECK_PROBE_LOOPBACK",
    on: "server.health.host",
    message: /127\.0\.0\.1/,
  },
  {
    fault: "a log of everything",
    toml: after('[logging]\nlevel = "trace"'),
    code: "CHECK_LOG_LEVEL",
    on: "logging.level",
    message: /is trace/,
    line: 14,
  },
  {
    fault: "the embedded broker",
    toml: replaced('provider = "redis"\nURI = "${REDIS_URL}"', 'provider = "memory"'),
    code: "CHECK_MEMORY_BROKER",
    on: "brokers.default.provider",
    message: /embedded/,
    line: 3,
  },
  {
    fault: "the embedded broker by default",
    toml: "[brokers]\n",
    code: "CHECK_MEMORY_BROKER",
    on: "brokers.default.provider",
    message: /embedded/,
  },
  {
    fault: "too few connections",
    toml: replaced("[server]", "max_connections = 1\n[server]"),
    code: "CHECK_MAX_CONNECTIONS_LOW",
    on: "brokers.default.max_connections",
    message: /1 subscriptions need 2/,
    line: 5,
  },
  {
    fault: "Redis without TLS",
    toml: replaced("${REDIS_URL}", "redis://redis.internal:6379"),
    code: "CHECK_REDIS_PLAINTEXT",
    on: "brokers.default.URI",
    message: /redis\.internal unencrypted/,
    line: 4,
  },
  {
    fault: "a password in the file",
    toml: replaced("${REDIS_URL}", "rediss://engine:hunter2@redis.internal"),
    code: "CHECK_SECRET_LITERAL",
    on: "URI",
    message: /line 4/,
    line: 4,
  },
  {
    fault: "a password in a variable's default",
    toml: replaced("${REDIS_URL}", "${REDIS_URL|rediss://:hunter2@h}"),
    code: "CHECK_SECRET_LITERAL",
    on: "URI",
    message: /line 4/,
  },
  {
    fault: "a file with a password that all can read",
    toml: replaced("${REDIS_URL}", "rediss://engine:hunter2@redis.internal"),
    mode: 0o644,
    code: "CHECK_CONFIG_WORLD_READABLE",
    on: "domain.toml",
    message: /mode 0644/,
  },
];

describe("engine check finds", () => {
  for (const { fault, code, severity, on: about, message, line, ...planted } of CASES) {
    it(fault, async () => {
      const { findings } = await check(planted);
      const found = findings.find((finding) => finding.code === code && finding.on === about);
      assert.ok(
        found,
        `${code} on ${about}, among ${findings.map((each) => `${each.code} on ${each.on}`).join(", ") || "nothing"}`,
      );
      assert.match(found.message, message);
      assert.equal(found.severity, severity ?? RULES.find((rule) => rule.code === code)?.severity);
      if (line !== undefined) assert.deepEqual(found.place, { file: "domain.toml", line });
      assert.doesNotMatch(JSON.stringify(findings), /hunter2|secret@/, "no password is quoted");
    });
  }

  it("a subscriber of the domain's own stream", async () => {
    const { model } = createCleanShop().domain;
    const [audit] = model.subscriptions;
    assert.ok(audit);
    const subscriber = { ...audit, kind: "subscriber" as const, handlerName: "Foreign" };
    const rule = RULES.find(({ code }) => code === "CHECK_SUBSCRIBER_OWN_STREAM");
    assert.ok(rule?.scope === "static");
    const found = await rule.run({ model: { ...model, subscriptions: [subscriber] } } as never);
    assert.match(found[0]?.message ?? "", /Foreign subscribes to "order", the stream of aggregate Order/);
  });

  it("two classes with one method for one event", async () => {
    const { model } = createCleanShop().domain;
    const [audit] = model.subscriptions;
    assert.ok(audit);
    const twin = (name: string, method: string) => ({
      ...audit,
      name: `shop.${name}`,
      handlerName: name,
      routes: new Map([["OrderPlaced", { type: "OrderPlaced", eventClass: OrderPlaced, method }]]),
    });
    const rule = RULES.find(({ code }) => code === "CHECK_HANDLER_TWICE");
    assert.ok(rule?.scope === "static");
    const found = await rule.run({
      model: { ...model, subscriptions: [twin("MailA", "send"), twin("MailB", "send"), twin("Books", "book")] },
    } as never);
    assert.deepEqual(
      found.map(({ message }) => message),
      ['shop.MailA and shop.MailB both handle OrderPlaced with a method "send" on "order"'],
    );
  });

  it("something with every static rule", () => {
    const tried = new Set([...CASES.map(({ code }) => code), "CHECK_SUBSCRIBER_OWN_STREAM", "CHECK_HANDLER_TWICE"]);
    assert.deepEqual(
      RULES.filter(({ scope, code }) => scope === "static" && !tried.has(code)).map(({ code }) => code),
      [],
    );
  });
});

describe("engine check finds nothing", () => {
  it("in a clean domain with a clean configuration for production", async () => {
    assert.deepEqual((await check()).findings, []);
  });

  it("of the rules for production, in development", async () => {
    for (const environment of ["", "development", "test", "CI"]) {
      const { findings } = await check({
        environment,
        toml: '[brokers.default]\nprovider = "memory"\n[server.defaults]\nenable_dlq = false',
      });
      assert.deepEqual(findings, [], environment);
    }
  });

  it("without any configuration, in development", async () => {
    assert.deepEqual((await check({ toml: null, environment: "" })).findings, []);
  });

  it("in schemas that JSON fits: coerced dates, unions with text, open objects with the key", async () => {
    const schema = z.looseObject({
      at: z.coerce.date(),
      when: z.union([z.date(), z.string()]),
      total: z.string().transform(Number).pipe(z.number()),
    });
    const { findings } = await check({ shop: withSchema(schema) });
    assert.deepEqual(findings, []);
  });
});
