import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defineConfig, resolveConfig } from "../../../src/config/define.ts";
import { explainRows } from "../../../src/config/explain.ts";
import { faultsOf, load } from "./written.ts";

describe("a configuration in code", () => {
  test("comes to the same as the file that says the same", () => {
    const input = defineConfig({
      brokers: { default: { provider: "redis", URI: "redis://h", max_connections: 9 } },
      server: {
        health: { port: 0 },
        dlq: { alert_callback: "./a.js#on" },
        defaults: { concurrency: 4 },
        subscriptions: { Audit: { profile: "bulk", messages_per_tick: 5 } },
        profiles: { bulk: { inherits: "batch" } },
        streams: { order: { retention_maxlen: 10 } },
      },
      logging: { level: "warn" },
    });
    const fromFile = load(`
      [brokers.default]
      provider = "redis"
      URI = "redis://h"
      max_connections = 9
      [server.health]
      port = 0
      [server.dlq]
      alert_callback = "./a.js#on"
      [server.defaults]
      concurrency = 4
      [server.subscriptions.Audit]
      profile = "bulk"
      messages_per_tick = 5
      [server.profiles.bulk]
      inherits = "batch"
      [server.streams.order]
      retention_maxlen = 10
      [logging]
      level = "warn"`);
    const { file, directory, origins, ...rest } = resolveConfig(input, "/srv");
    assert.equal(file, null);
    assert.equal(directory, "/srv");
    assert.deepEqual(origins["server.health.port"], { place: "code", line: null, environment: null });
    assert.deepEqual(rest, Object.fromEntries(Object.entries(fromFile).filter(([key]) => key in rest)));
    assert.ok(
      explainRows(resolveConfig(input)).some(({ key, source }) => key === "logging.level" && source === "code"),
    );
  });

  test("an empty one is the defaults", () => {
    assert.equal(resolveConfig({}).brokers["default"]?.provider, "memory");
  });

  test("is checked by the same table, without lines", () => {
    const input = { server: { health: { prot: 1, port: "80" } }, brokers: { default: { provider: "redis" } } };
    assert.deepEqual(
      faultsOf(() => resolveConfig(input as object)),
      [
        'code server.health.prot: unknown key; did you mean "port"?',
        "code server.health.port: must be an integer, is a string",
        "code brokers.default.URI: is required for redis",
      ],
    );
  });

  test("undefined leaves a key out; ${…} is left alone; a class instance is no table", () => {
    assert.equal(
      resolveConfig({ server: undefined, telemetry: { service_name: "${X}" } }).telemetry.serviceName,
      "${X}",
    );
    assert.match(faultsOf(() => resolveConfig({ server: new Map() as object }))[0] ?? "", /server: must be a table/);
  });

  test("a misspelt key does not compile", () => {
    // @ts-expect-error: prot is no key
    defineConfig({ server: { health: { prot: 1 } } });
    // @ts-expect-error: it is a number
    defineConfig({ server: { shutdown_timeout_seconds: "10" } });
    // @ts-expect-error: camelCase is for settings
    defineConfig({ server: { defaults: { messagesPerTick: 1 } } });
    // @ts-expect-error: URI is in capitals
    defineConfig({ brokers: { default: { provider: "redis", uri: "redis://h" } } });
  });
});
