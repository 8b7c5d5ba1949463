import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { loadConfig } from "../../../src/config/load.ts";
import { EngineError } from "../../../src/errors.ts";
import { faultsIn, faultsOf, inFolder, load } from "./written.ts";

describe("finding the file", () => {
  const level = (name: string): string => `[telemetry]\nservice_name = "${name}"\n`;
  const nameIn = (cwd: string, file?: string): string | null =>
    loadConfig({ cwd, file, env: {} }).telemetry.serviceName;

  test("a hidden file comes before domain.toml in the same folder", () => {
    inFolder({ ".domain.toml": level("hidden"), "domain.toml": level("plain") }, (folder) => {
      assert.equal(nameIn(folder), "hidden");
    });
  });

  test("the folder itself comes before its parents, and two parents are searched", () => {
    inFolder({ "domain.toml": level("top"), "a/domain.toml": level("a"), "a/b/x": "" }, (folder) => {
      assert.equal(nameIn(join(folder, "a/b")), "a");
      mkdirSync(join(folder, "c/d/e"), { recursive: true });
      assert.equal(nameIn(join(folder, "c/d")), "top");
      assert.equal(nameIn(join(folder, "c/d/e")), null, "a third parent is not searched");
    });
  });

  test("--config names the file, relative to the working directory", () => {
    inFolder({ "domain.toml": level("found"), "conf/other.toml": level("named") }, (folder) => {
      assert.equal(nameIn(folder, "conf/other.toml"), "named");
      assert.equal(loadConfig({ cwd: folder, file: "conf/other.toml", env: {} }).directory, join(folder, "conf"));
    });
  });

  test("a named file that is not there is an error that names it", () => {
    assert.throws(
      () => loadConfig({ cwd: "/", file: "nowhere/domain.toml", env: {} }),
      (error) =>
        error instanceof EngineError &&
        error.code === "ENGINE_CONFIG_NOT_FOUND" &&
        error.message.includes("/nowhere/domain.toml"),
    );
  });

  test("without a file every key has its default and the broker is the embedded one", () => {
    inFolder({ "a/b/c/x": "" }, (folder) => {
      const config = loadConfig({ cwd: join(folder, "a/b/c"), env: {} });
      assert.equal(config.file, null);
      assert.deepEqual(config.brokers, { default: { provider: "memory", uri: null, maxConnections: 50 } });
      assert.equal(config.server.defaultSubscriptionProfile, "production");
      assert.deepEqual(config.server.dlq, {
        enabled: true,
        retentionHours: 168,
        alertThreshold: 100,
        alertCallback: null,
        checkIntervalSeconds: 60,
      });
      assert.deepEqual(config.server.health, { enabled: true, host: "127.0.0.1", port: 8080 });
      assert.equal(config.server.maxMessageBytes, 1_000_000);
      assert.deepEqual(config.logging, { level: "info", format: "auto" });
      assert.deepEqual(config.usedSections, []);
    });
  });
});

describe("what a file may say", () => {
  test("the example of the contract is accepted, key by key", () => {
    const config = load(CONTRACT_EXAMPLE, {
      DATABASE_URL: "postgresql://shop:pw@db/shop",
      REDIS_URL: "redis://:pw@cache:6379",
    });
    assert.equal(config.databases["default"]?.poolSize, 10);
    assert.deepEqual(config.brokers["default"], {
      provider: "redis",
      uri: "redis://:pw@cache:6379",
      maxConnections: 50,
    });
    assert.equal(config.server.dlq.alertCallback, "./alerts.js#onDlqAlert");
    assert.equal(config.server.subscriptions["AuditHandler"]?.messagesPerTick, 50);
    assert.deepEqual(config.server.profiles["bulk"], { inherits: "batch", messagesPerTick: 1000 });
    assert.deepEqual(config.eventStore, { database: "default" });
    assert.deepEqual(config.usedSections, ["databases", "caches", "event_store"]);
  });

  test("a syntax error has its line and none of the file's text", () => {
    const [fault, ...rest] = faultsIn('[brokers.default]\nURI = "redis://:hunter2@host\n');
    assert.match(fault ?? "", /^domain\.toml:2: not valid TOML: /);
    assert.ok(!String(fault).includes("hunter2"));
    assert.deepEqual(rest, []);
  });

  test("a key defined twice is a syntax error", () => {
    assert.match(faultsIn('[logging]\nlevel = "info"\nlevel = "warn"\n')[0] ?? "", /^domain\.toml:3: not valid TOML/);
  });

  test("the result is frozen to the bottom", () => {
    const config = load("[server.subscriptions.A]\nconcurrency = 2\n");
    assert.throws(() => Object.assign(config.server.subscriptions["A"] ?? {}, { concurrency: 3 }), TypeError);
    assert.throws(() => Object.assign(config.origins, { x: 1 }), TypeError);
  });

  test("a key named __proto__ is an unknown key, and changes no prototype", () => {
    const faults = faultsIn(
      '[server.__proto__]\nport = 1\n[caches.__proto__]\nprovider = "memory"\n[__proto__.server]\n',
    );
    assert.deepEqual(
      faults.map((fault) => fault.split(":").slice(0, 2).join(":")),
      ["domain.toml:1 server.__proto__", "domain.toml:3 caches.__proto__", "domain.toml:5 __proto__"],
    );
    assert.equal(({} as Record<string, unknown>)["port"], undefined);
  });

  test("a subscription may be called like a property of every object", () => {
    const config = load("[server.subscriptions.constructor]\nconcurrency = 2\n");
    assert.deepEqual(config.server.subscriptions["constructor"], { concurrency: 2 });
  });
});

test("seven different faults are all named, with line and nearest name, and without a secret", () => {
  const faults = faultsIn(
    [
      "[brokers.default]", // 1
      'provider = "reddis"',
      'URI = "redis://:hunter2@cache:6379"',
      "[server]",
      'default_subscription_profile = "prodution"', // 5
      "[server.health]",
      "prot = 8080",
      'enabled = "yes"',
      "[server.dlq]",
      "alert_threshold = 0", // 10
      "[caches.default]",
      'provider = "redis"',
      'URI = "${CACHE_URL}"',
      "[loging]",
      'level = "info"', // 15
    ].join("\n"),
    { OTHER: "hunter3" },
  );
  assert.deepEqual(faults, [
    'domain.toml:2 brokers.default.provider: "reddis" is not one of redis, memory; did you mean "redis"?',
    'domain.toml:5 server.default_subscription_profile: unknown profile; did you mean "production"?',
    'domain.toml:7 server.health.prot: unknown key; did you mean "port"?',
    "domain.toml:8 server.health.enabled: must be a boolean, is a string",
    "domain.toml:10 server.dlq.alert_threshold: must be between 1 and 1000000000, is 0",
    "domain.toml:13 caches.default.URI: the variable CACHE_URL is not set; set it, or write ${CACHE_URL|default}",
    'domain.toml:14 loging: unknown section; did you mean "logging"?',
  ]);
});

describe("a secret is in no message", () => {
  const secrets = { URL: "hunter2", PORT: "hunter2", CHOICE: "hunter2", NUMBER: "987654321" };

  test("neither of a secret key nor of a variable, whatever is wrong with it", () => {
    const faults = faultsIn(
      `[brokers.default]
provider = "\${CHOICE}"
URI = "http://:hunter2@host"
max_connections = "\${NUMBER}"
[brokers.b]
provider = "redis"
URI = "\${URL}"
[brokers.c]
provider = "redis"
URI = "redis://:hunter2@ho st:port"
[brokers.d]
provider = "memory"
URI = "redis://:hunter2@host"
[databases.default]
provider = "postgresql"
database_uri = "mysql://root:hunter2@db"
[event_store]
database = "default"
[server.health]
port = "\${PORT}"
[telemetry]
endpoint = "user:hunter2@collector"`,
      secrets,
    );
    assert.equal(faults.length, 8);
    for (const fault of faults) assert.doesNotMatch(fault, /hunter2|987654321/);
  });

  test("nor is it in the error's stack or cause", () => {
    try {
      load('[brokers.default]\nprovider = "redis"\nURI = "redis://:hunter2@\n');
      assert.fail("it must throw");
    } catch (error) {
      assert.ok(error instanceof EngineError);
      assert.equal(error.cause, undefined);
      assert.ok(!String(error.stack).includes("hunter2"));
    }
  });
});

test("faults of several files' worth of mistakes stay one error", () => {
  assert.equal(faultsOf(() => load("[server]\na = 1\nb = 2\nc = 3\n")).length, 3);
});

const CONTRACT_EXAMPLE = `
[databases.default]
provider = "postgresql"
database_uri = "\${DATABASE_URL}"
pool_size = 10
max_overflow = 20
pool_recycle = 1800
[brokers.default]
provider = "redis"
URI = "\${REDIS_URL}"
max_connections = 50
[caches.default]
provider = "redis"
URI = "\${REDIS_URL}"
max_connections = 50
[event_store]
database = "default"
[server]
default_subscription_profile = "production"
shutdown_timeout_seconds = 10
[server.health]
host = "127.0.0.1"
port = 8080
[server.dlq]
enabled = true
retention_hours = 168
alert_threshold = 100
alert_callback = "./alerts.js#onDlqAlert"
check_interval_seconds = 60
[server.subscriptions.AuditHandler]
messages_per_tick = 50
[server.profiles.bulk]
inherits = "batch"
messages_per_tick = 1000
[telemetry]
enabled = true
exporter = "otlp"
endpoint = "http://otel-collector:4317"
service_name = "my-service"
[logging]
level = "info"
format = "auto"
`;
