import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { explainRows, explainSubscription, renderConfig } from "../../../src/config/explain.ts";
import { CONFIG_KEYS } from "../../../src/config/schema.ts";
import { load } from "./written.ts";

const TOML = `
[brokers.default]
provider = "redis"
URI = "\${REDIS_URL}"
[databases.default]
provider = "postgresql"
database_uri = "postgresql://shop:hunter2@db/shop?password=hunter2"
[server.profiles.Bulk]
inherits = "batch"
[server.subscriptions."shop.Audit"]
profile = "bulk"
concurrency = 4
[production.server.health]
port = 9000
`;
const ENV = { REDIS_URL: "redis://:hunter2@cache:6379/0", ENGINE_ENV: "production" };

describe("config show", () => {
  const rendered = renderConfig(load(TOML, ENV));

  test("has the names of domain.toml and no secret", () => {
    assert.deepEqual(rendered["brokers"], {
      default: { provider: "redis", URI: "redis://:***@cache:6379/0", max_connections: 50 },
    });
    assert.ok(!JSON.stringify(rendered).includes("hunter2"));
    assert.ok(JSON.stringify(rendered).includes("postgresql://shop:***@db/shop?password=***"));
  });

  test("leaves out what is not there", () => {
    assert.equal("event_store" in rendered, false);
    assert.deepEqual(rendered["caches"], {});
  });
});

describe("config explain", () => {
  const rows = new Map(explainRows(load(TOML, ENV)).map((row) => [row.key, row]));

  test("every key has its value and what set it", () => {
    assert.deepEqual(rows.get("brokers.default.URI"), {
      key: "brokers.default.URI",
      value: "redis://:***@cache:6379/0",
      source: "domain.toml:4",
    });
    assert.equal(rows.get("brokers.default.max_connections")?.source, "default");
    assert.equal(rows.get("server.health.port")?.source, "domain.toml:14 (environment production)");
    assert.equal(rows.get('server.subscriptions."shop.Audit".concurrency')?.source, "domain.toml:12");
    assert.equal(rows.get("server.profiles.bulk.inherits")?.source, "domain.toml:9");
  });

  test("no key of the table is missing that is in force by default", () => {
    const keys = CONFIG_KEYS.map(({ path }) => path).filter(
      (path) => !/\*|^event_store\.|^server\.defaults\./.test(path),
    );
    assert.ok(keys.length > 10);
    for (const key of keys) assert.ok(rows.has(key), key);
  });

  test("a subscription's fields, each with its level", () => {
    const fields = explainSubscription(load(TOML, ENV), {
      name: "shop.Audit",
      handlerName: "Audit",
      overrides: { maxRetries: 1 },
    });
    const source = new Map(fields.map((row) => [row.key, `${row.value as string} ${row.source}`]));
    assert.equal(source.get("concurrency"), "4 domain.toml:12");
    assert.equal(source.get("messages_per_tick"), "500 profile batch");
    assert.equal(source.get("max_retries"), "1 code: subscriptionConfig");
    assert.equal(source.get("dlq_alert_threshold"), "100 server.dlq (default)");
    assert.equal(fields.length, 15);
  });
});
