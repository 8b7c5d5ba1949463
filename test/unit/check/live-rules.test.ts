import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BrokerReport, LiveFacts, SubscriptionFacts } from "../../../src/check/live/facts.ts";
import { compareVersions, vulnerabilitiesOf } from "../../../src/check/live/versions.ts";
import { RULES } from "../../../src/check/registry.ts";
import type { Finding } from "../../../src/check/rule.ts";
import { runRules } from "../../../src/check/run.ts";
import type { ServerFacts } from "../../../src/ports/broker-facts.ts";
import { withContext, type Planted } from "./planted.ts";

const SERVER: ServerFacts = {
  product: "redis",
  version: "8.6.3",
  role: "primary",
  isCluster: false,
  durability: "B",
  persistence: "appendonly yes, appendfsync everysec",
  persistenceFailure: null,
  maxMemoryBytes: 1000,
  usedMemoryBytes: 10,
  evictionPolicy: "noeviction",
  maxClients: 10_000,
  connectedClients: 5,
  keyCount: 3,
};

const SUBSCRIPTION: SubscriptionFacts = {
  name: "shop.Audit",
  handlerName: "Audit",
  stream: "order",
  group: { name: "shop.Audit", pending: 0, lag: 0, lastDeliveredId: "1-0", consumers: [] },
  dlqDepth: 0,
  dlqAlertThreshold: 100,
  inFlight: [],
  wrongCompanions: [],
};

const NOW_MS = 1_790_000_000_000;

function report(over: Partial<BrokerReport> = {}, server: Partial<ServerFacts> = {}): BrokerReport {
  return {
    kind: "reached",
    broker: "default",
    server: { ...SERVER, ...server },
    rights: { source: "asked", user: "engine", denied: [] },
    clockSkewMs: 0,
    serverTimeMs: NOW_MS,
    streams: [],
    subscriptions: [SUBSCRIPTION],
    processes: 1,
    ...over,
  };
}

async function judge(live: LiveFacts, planted: Planted = {}): Promise<readonly Finding[]> {
  return withContext(planted, async (context) => (await runRules(RULES, { ...context, live })).findings);
}

describe("live rules find", () => {
  it("nothing in a good server", async () => {
    assert.deepEqual(await judge(report()), []);
  });

  const cases: readonly (readonly [string, LiveFacts, string, string, RegExp])[] = [
    [
      "a server that does not answer",
      { kind: "unreachable", broker: "default", reason: "connect ECONNREFUSED" },
      "CHECK_BROKER_UNREACHABLE",
      "error",
      /ECONNREFUSED/,
    ],
    ["an old version", report({}, { version: "7.0.4" }), "CHECK_REDIS_TOO_OLD", "error", /7\.0\.4/],
    ["a vulnerable version", report({}, { version: "7.4.5" }), "CHECK_REDIS_VULNERABLE", "warning", /CVE-2025-49844/],
    ["a replica", report({}, { role: "replica" }), "CHECK_REDIS_REPLICA", "error", /read-only/],
    ["a cluster", report({}, { isCluster: true }), "CHECK_REDIS_CLUSTER", "error", /cluster mode/],
    ["no persistence in production", report({}, { durability: "D" }), "CHECK_REDIS_DURABILITY", "error", /class D/],
    ["snapshots only", report({}, { durability: "C" }), "CHECK_REDIS_DURABILITY", "warning", /class C/],
    [
      "a failed snapshot",
      report({}, { persistenceFailure: "the last snapshot failed" }),
      "CHECK_REDIS_PERSISTENCE_FAILING",
      "error",
      /snapshot/,
    ],
    [
      "eviction of everything",
      report({}, { evictionPolicy: "allkeys-lru" }),
      "CHECK_REDIS_EVICTION",
      "error",
      /streams/,
    ],
    [
      "eviction of what expires",
      report({}, { evictionPolicy: "volatile-ttl" }),
      "CHECK_REDIS_EVICTION",
      "warning",
      /histories/,
    ],
    ["no limit of memory", report({}, { maxMemoryBytes: 0 }), "CHECK_REDIS_MAXMEMORY", "warning", /not set/],
    ["memory nearly used up", report({}, { usedMemoryBytes: 900 }), "CHECK_REDIS_MAXMEMORY", "warning", /90 %/],
    ["a clock ahead", report({ clockSkewMs: 3500 }), "CHECK_REDIS_CLOCK_SKEW", "warning", /3\.5 s ahead/],
    ["a clock behind", report({ clockSkewMs: -2500 }), "CHECK_REDIS_CLOCK_SKEW", "warning", /2\.5 s behind/],
    [
      "missing rights",
      report({ rights: { source: "asked", user: "engine", denied: ["XADD on order"] } }),
      "CHECK_REDIS_RIGHTS",
      "error",
      /XADD on order/,
    ],
    [
      "rights that cannot be asked",
      report({ rights: { source: "unknown", user: null, denied: [] } }),
      "CHECK_REDIS_RIGHTS",
      "info",
      /could not be found out/,
    ],
    [
      "more connections than the server takes",
      report({ processes: 6000 }),
      "CHECK_REDIS_CONNECTIONS",
      "error",
      /12000; maxclients is 10000/,
    ],
    [
      "connections near the ceiling",
      report({ processes: 4499 }, { connectedClients: 9000 }),
      "CHECK_REDIS_CONNECTIONS",
      "warning",
      /8998; 9000 are open/,
    ],
    [
      "an id from the future",
      report({
        streams: [
          {
            stream: "order",
            facts: { kind: "stream", length: 1, lastGeneratedId: "18446744073709551615-1", groups: [] },
            orphans: [],
            orphanedLetters: [],
          },
        ],
      }),
      "CHECK_STREAM_FUTURE_IDS",
      "error",
      /18446744073709551615-1/,
    ],
    [
      "dead letters at the threshold",
      report({ subscriptions: [{ ...SUBSCRIPTION, dlqDepth: 100 }] }),
      "CHECK_DEAD_LETTERS_DEPTH",
      "warning",
      /100 dead letters/,
    ],
    [
      "pending and only silent consumers",
      report({
        subscriptions: [
          {
            ...SUBSCRIPTION,
            group: {
              name: "g",
              pending: 2,
              lag: 0,
              lastDeliveredId: "1-0",
              consumers: [{ name: "c", pending: 2, idleMs: 600_000 }],
            },
          },
        ],
      }),
      "CHECK_PENDING_UNATTENDED",
      "warning",
      /2 messages/,
    ],
  ];
  for (const [fault, live, code, severity, message] of cases) {
    it(fault, async () => {
      const findings = await judge(live);
      // Versions that are too old have known holes as well.
      const found = findings.filter((each) => each.code === code || each.code !== "CHECK_REDIS_VULNERABLE");
      assert.deepEqual(
        found.map((each) => [each.code, each.severity]),
        [[code, severity]],
      );
      assert.match(found[0]?.message ?? "", message);
    });
  }

  it("nothing pending where a consumer lives", async () => {
    const group = {
      name: "g",
      pending: 2,
      lag: 0,
      lastDeliveredId: "1-0",
      consumers: [{ name: "c", pending: 2, idleMs: 5000 }],
    };
    assert.deepEqual(await judge(report({ subscriptions: [{ ...SUBSCRIPTION, group }] })), []);
  });

  it("a thousand bad messages as one line for each type and reason", async () => {
    const misfits = Array.from({ length: 1000 }, (_, index) => ({
      entryId: `${index}-0`,
      type: "OrderPlaced",
      problem: "invalid" as const,
      reason: "total: expected number",
    }));
    const inFlight = [{ where: "undelivered" as const, sampled: 1000, isComplete: false, misfits }];
    const findings = await judge(report({ subscriptions: [{ ...SUBSCRIPTION, inFlight }] }));
    assert.deepEqual(
      findings.map(({ code, message }) => [code, message]),
      [
        [
          "CHECK_IN_FLIGHT_INVALID",
          "shop.Audit: 1000 of 1000 looked at undelivered messages (OrderPlaced): total: expected number; the first is 0-0",
        ],
      ],
    );
  });
});

describe("versions", () => {
  it("compare by number", () => {
    assert.ok(compareVersions("7.0.15", "7.0.5") > 0);
    assert.ok(compareVersions("10.0.0", "9.9.9") > 0);
    assert.equal(compareVersions("8.0.0-rc1", "8.0.0"), 0);
  });

  it("are vulnerable before their line's mended version, for good where the line has none", () => {
    const ids = (version: string, product: ServerFacts["product"] = "redis"): string[] =>
      vulnerabilitiesOf({ ...SERVER, product, version }).map(({ id }) => id);
    assert.deepEqual(ids("7.0.15"), ["CVE-2025-49844"]);
    assert.deepEqual(ids("7.2.10"), ["CVE-2025-49844", "CVE-2026-23479"]);
    assert.deepEqual(ids("7.2.11"), ["CVE-2026-23479"]);
    assert.deepEqual(ids("8.4.0"), ["CVE-2026-23479"]);
    assert.deepEqual(ids("8.6.3"), []);
    assert.deepEqual(ids("8.1.3", "valkey"), ["CVE-2025-49844"]);
    assert.deepEqual(ids("8.1.4", "valkey"), []);
  });
});
