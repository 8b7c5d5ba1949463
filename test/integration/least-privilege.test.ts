/** deploy/redis/users.acl on a real server: enough for everything an engine does, and for nothing else. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { Redis } from "ioredis";
import { pino } from "pino";
import { z } from "zod";
import { createRedisAdapter } from "../../src/adapters/redis/adapter.ts";
import { findRights } from "../../src/adapters/redis/rights.ts";
import type { ConfigInput } from "../../src/config/define.ts";
import { connect, createEngine, defineHandler, Domain, Event, on, PermanentError } from "../../src/index.ts";
import { historyKey } from "../../src/message/names.ts";
import type { BrokerAdapter } from "../../src/ports/broker-adapter.ts";
import { brokerAdminConformance } from "../../src/testing/conformance/broker-admin.ts";
import { brokerConformance } from "../../src/testing/conformance/broker.ts";
import { controlConformance } from "../../src/testing/conformance/control.ts";
import { deadLettersConformance } from "../../src/testing/conformance/dead-letters.ts";
import type { BrokerHarness } from "../../src/testing/conformance/harness.ts";
import { leaseConformance } from "../../src/testing/conformance/lease.ts";
import { startAclRedis, type AclUser } from "../support/acl-redis.ts";
import { until } from "../support/until.ts";

const redis = await startAclRedis();
const { root, urlOf } = redis;
after(() => redis.close());

const log = pino({ level: "silent" });

function adapterOf(user: AclUser): BrokerAdapter {
  return createRedisAdapter({ name: "default", uri: urlOf(user), maxConnections: 50, log });
}

class Placed extends Event("Placed", z.object({ n: z.number(), does: z.enum(["end", "flaky", "forbid", "hang"]) })) {}
class Paid extends Event("Paid", z.object({ n: z.number() })) {}

interface Shop {
  readonly domain: Domain;
  readonly ended: number[];
  isMended: boolean;
}

function createShop(): Shop {
  const domain = new Domain("shop");
  const shop: Shop = { domain, ended: [], isMended: false };
  const handler = defineHandler(
    { name: "Audit", stream: "order" },
    on(Placed, async ({ n, does }, context) => {
      const { attempt, signal } = context;
      if (does === "forbid" && !shop.isMended) throw new PermanentError("forbidden");
      if (does === "flaky" && attempt < 3) throw new Error("not yet");
      if (does === "hang")
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      context.publish(new Paid({ n }), { stream: "payment" });
      shop.ended.push(n);
    }),
  );
  domain.register(handler);
  return shop;
}

function configFor(user: AclUser, dlqRetentionHours = 168): ConfigInput {
  return {
    brokers: { default: { provider: "redis", URI: urlOf(user) } },
    server: {
      shutdown_timeout_seconds: 0.1,
      retention_maxlen: 2,
      health: { enabled: false },
      dlq: { retention_hours: dlqRetentionHours },
      defaults: {
        circuit_breaker_threshold: 1_000_000,
        claim_idle_ms: 600,
        blocking_timeout_ms: 100,
        retry_delay_seconds: 0.01,
        retry_max_delay_seconds: 0.05,
      },
    },
  };
}

describe("an engine as the user worker", () => {
  it("lives its whole life without being refused anything", async () => {
    const shop = createShop();
    const producer = createShop();
    await connect(producer.domain, configFor("producer"), { logger: log });
    const engine = await createEngine(shop.domain, configFor("worker"), { logger: log });
    await engine.start();

    // What it takes over, and what it finds deleted, was somebody else's.
    await root.call("XADD", "order", "*", "type", "Placed", "data", '{"n":100,"does":"end"}');
    const publish = (n: number, does: "end" | "flaky" | "forbid" | "hang"): Promise<unknown> =>
      producer.domain.publish(new Placed({ n, does }), { stream: "order" });
    for (let n = 0; n < 20; n += 1) await publish(n, "end");
    await publish(20, "flaky");
    await publish(21, "forbid");
    await root.call("XADD", "order", "*", "type", "Placed", "data", "this is no JSON");
    await until("20 plain, 1 foreign and 1 retried", () => shop.ended.length === 22);
    const status = (): string => JSON.stringify(engine.status().subscriptions[0]?.counts);
    await until("two dead letters", () => engine.status().subscriptions[0]?.counts.deadLettered === 2, {
      state: status,
    });

    const admin = adapterOf("admin");
    await admin.broker.connect(5000, new AbortController().signal);
    const [address] = await admin.deadLetters.subscriptions("order");
    assert.ok(address);
    const { letters } = await admin.deadLetters.list(address, null, 10);
    assert.equal(letters.length, 2);
    shop.isMended = true;
    for (const { id } of letters) assert.equal(await admin.deadLetters.replay(address, id), "replayed");
    await until("the replayed one ends", () => shop.ended.includes(21), { state: status });
    await until(
      "the faulty one is a dead letter again",
      async () => (await admin.deadLetters.depth(address)).depth === 1,
    );
    assert.equal((await admin.admin.inspect(address)).isPresent, true);
    await admin.broker.close();

    await publish(30, "hang");
    await until("one hangs", () => engine.status().subscriptions[0]?.inFlight === 1, { state: status });
    await engine.runMaintenance();
    assert.equal(engine.status().brokers["default"]?.kind, "ok");
    assert.equal((await engine.stop()).cancelled, 1);
    await producer.domain.close();
    assert.ok((await root.xlen("payment")) >= 22);
    assert.ok((await root.xlen("order")) < 24, "maintenance trimmed the stream");
    assert.deepEqual(await redis.refusals(), []);
  });

  it("takes over what a lost consumer left, buries what was deleted, and trims dead letters", async () => {
    await root.call("XADD", "order", "*", "type", "Placed", "data", '{"n":200,"does":"end"}');
    const gone = String(await root.call("XADD", "order", "*", "type", "Placed", "data", '{"n":201,"does":"end"}'));
    await root.call("XREADGROUP", "GROUP", "shop.Audit", "lost", "STREAMS", "order", ">");
    await root.xdel("order", gone);
    const shop = createShop();
    const engine = await createEngine(shop.domain, configFor("worker", 1e-7), { logger: log });
    await engine.start();
    const counts = () => engine.status().subscriptions[0]?.counts;
    await until("one claimed", () => shop.ended.includes(200), { state: counts });
    await until("one missing", () => counts()?.missing === 1, { state: counts });
    await until("no dead letter left", async () => {
      await engine.runMaintenance();
      return (await root.xlen("{order}:dlq:shop.Audit")) === 0;
    });
    await engine.stop();
    assert.deepEqual(await redis.refusals(), []);
  });
});

describe("the users' rights", () => {
  const dryRun = async (user: AclUser, ...command: readonly string[]): Promise<boolean> =>
    (await root.call("ACL", "DRYRUN", user, ...command)) === "OK";

  const refused: readonly [AclUser, readonly string[]][] = [
    ...(
      [
        "FLUSHALL",
        "FLUSHDB",
        "SHUTDOWN",
        "DEBUG SLEEP 1",
        "CONFIG GET x",
        "CONFIG SET a b",
        "KEYS *",
        "SAVE",
        "BGSAVE",
      ] as const
    ).flatMap((command) =>
      (["producer", "worker", "admin"] as const).map((user): [AclUser, string[]] => [user, command.split(" ")]),
    ),
    ...(
      [
        "ACL LIST",
        "SCRIPT FLUSH",
        "FUNCTION FLUSH",
        "CLIENT KILL TYPE normal",
        "CLIENT PAUSE 1",
        "MONITOR",
        "REPLICAOF a 1",
        "MODULE LIST",
        "DEL order",
        "XGROUP DESTROY order shop.Audit",
        "XGROUP SETID order shop.Audit 0",
        "GET order",
        "SET order 1",
        "RENAME order order",
      ] as const
    ).flatMap((command) =>
      (["producer", "worker", "admin", "backup"] as const).map((user): [AclUser, string[]] => [
        user,
        command.split(" "),
      ]),
    ),
    ["worker", ["XADD", "invoice", "*", "a", "b"]],
    ["worker", ["XRANGE", "{invoice}:dlq:shop.Audit", "-", "+"]],
    ["worker", ["GET", "{order}:dlq:shop.Audit"]],
    ["producer", ["XRANGE", "order", "-", "+"]],
    ["producer", ["XADD", "{order}:dlq:shop.Audit", "*", "a", "b"]],
    ["producer", ["EVAL", "return 1", "0"]],
    ["admin", ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "order", ">"]],
    ["admin", ["XTRIM", "order", "MAXLEN", "0"]],
    ["backup", ["XRANGE", "order", "-", "+"]],
  ];
  it("end where the engine's needs end", async () => {
    for (const [user, command] of refused) {
      assert.equal(await dryRun(user, ...command), false, `${user} may ${command.join(" ")}`);
    }
  });

  it("are refused in earnest, and nobody gets in without a name", async () => {
    const worker = new Redis(urlOf("worker"));
    await assert.rejects(worker.flushall(), /NOPERM/);
    await assert.rejects(
      worker.eval("return redis.call('DEL', KEYS[1])", 1, "order"),
      /NOPERM|script can.t run this command/,
    );
    worker.disconnect();
    const nobody = new Redis(redis.server.url, { enableReadyCheck: false });
    await assert.rejects(nobody.ping(), /NOAUTH/);
    nobody.disconnect();
    assert.equal((await redis.refusals()).length, 2);
  });

  it("are all that `engine check --live` asks the worker for", async () => {
    const worker = new Redis(urlOf("worker"));
    const rights = await findRights(worker, {
      addresses: [{ stream: "order", group: "shop.Audit" }],
      leases: ["{shop}:lease:dead-letter-keeper"],
      controls: ["{shop}:control"],
    });
    assert.deepEqual(rights, { source: "asked", user: "worker", denied: [] });
    await worker.call("SCAN", "0");
    await worker.call("XINFO", "HELP");
    await worker.type("order");
    worker.disconnect();
  });

  it("cover every command the scripts call", async () => {
    const folder = new URL("../../src/adapters/redis/scripts/", import.meta.url);
    const calls = new Set<string>();
    for (const file of readdirSync(folder)) {
      const lua = readFileSync(new URL(file, folder), "utf8");
      for (const [, command, sub] of lua.matchAll(/(?:redis\.call\(|local args = \{ )'([A-Z]+)'(?:, '([A-Z]+)')?/g)) {
        calls.add(["XINFO", "XGROUP"].includes(command ?? "") ? `${command}|${sub}` : (command ?? ""));
      }
    }
    assert.ok(calls.size >= 15, [...calls].join(" "));
    const granted = grantsOf("worker");
    assert.deepEqual(
      [...calls].map((call) => call.toLowerCase()).filter((call) => !granted.has(call)),
      [],
    );
  });
});

/** The single commands a user's line grants. */
function grantsOf(user: AclUser): Set<string> {
  const file = readFileSync(new URL("../../deploy/redis/users.acl", import.meta.url), "utf8");
  const [line = ""] = file.split("\n").filter((each) => each.startsWith(`user ${user} `));
  return new Set([...line.matchAll(/ \+([a-z|]+)/g)].map(([, command]) => command ?? ""));
}

// Every transition the ports promise, with the commands of the worker; its keys are those of the suite.
const harness: BrokerHarness = {
  name: "redis, as the users of users.acl",
  async createAdapter() {
    await root.call("ACL", "SETUSER", "worker", "~*");
    await root.call("ACL", "SETUSER", "admin", "~*");
    const [worker, admin] = [adapterOf("worker"), adapterOf("admin")];
    await admin.broker.connect(5000, new AbortController().signal);
    const adapter = { ...worker, deadLetters: admin.deadLetters, control: admin.control };
    return { adapter, dispose: () => admin.broker.close() };
  },
  async deleteEntry(stream, entryId) {
    await root.xdel(stream, entryId);
  },
  async deleteStream(stream) {
    await root.del(stream);
  },
  async appendBytes(stream, fields) {
    return String(await root.xadd(stream, "*", ...fields.map((field) => Buffer.from(field))));
  },
  async countHistories(stream, group) {
    const lanes = ["main", "replay"] as const;
    const counts = await Promise.all(lanes.map((lane) => root.hlen(historyKey(stream, group, lane))));
    return counts.reduce((sum, count) => sum + count, 0);
  },
};
brokerConformance(harness);
brokerAdminConformance(harness);
deadLettersConformance(harness);
leaseConformance(harness);
controlConformance(harness);

describe("after all of it", () => {
  it("nothing was refused, and no command was granted for nothing", async () => {
    assert.deepEqual(await redis.refusals(), []);
    const stats = await root.info("commandstats");
    const called = new Set([...stats.matchAll(/^cmdstat_([a-z|_]+):/gm)].map(([, command]) => command ?? ""));
    assert.deepEqual(
      [...grantsOf("worker")].filter((command) => !called.has(command)),
      [],
    );
  });
});
