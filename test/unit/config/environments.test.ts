import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { explainRows } from "../../../src/config/explain.ts";
import { faultsIn, load } from "./written.ts";

const TOML = `
[logging]
level = "debug"
format = "pretty"
[production.logging]
level = "warn"
[production.server.dlq]
alert_threshold = 5
[staging.logging]
level = "error"
`;

describe("environments", () => {
  test("ENGINE_ENV merges its tables over the rest, key by key", () => {
    const config = load(TOML, { ENGINE_ENV: "production" });
    assert.deepEqual(config.logging, { level: "warn", format: "pretty" });
    assert.equal(config.server.dlq.alertThreshold, 5);
    assert.equal(config.environment, "production");
    assert.equal(load(TOML).logging.level, "debug");
    assert.equal(load(TOML, { ENGINE_ENV: "development" }).logging.level, "debug");
  });

  test("what an overlay set says so", () => {
    const row = explainRows(load(TOML, { ENGINE_ENV: "production" })).find(({ key }) => key === "logging.level");
    assert.deepEqual(row, { key: "logging.level", value: "warn", source: "domain.toml:6 (environment production)" });
  });

  test("overlays of other environments are checked too", () => {
    assert.deepEqual(
      faultsIn('[production.logging]\nlevle = "info"\n[production.serevr]\nx = 1\n[staging.server.dlq]\nenabled = 1\n'),
      [
        'domain.toml:2 production.logging.levle: unknown key; did you mean "level"?',
        'domain.toml:3 production.serevr: unknown key; did you mean "server"?',
        "domain.toml:6 staging.server.dlq.enabled: must be a boolean, is an integer",
      ],
    );
  });

  test("variables are asked for only where they are in force", () => {
    const toml =
      '[brokers.default]\nprovider = "redis"\nURI = "${DEV_URL}"\n[production.brokers.default]\nURI = "${PROD_URL}"\n';
    assert.equal(load(toml, { DEV_URL: "redis://dev" }).brokers["default"]?.uri, "redis://dev");
    const production = load(toml, { ENGINE_ENV: "production", PROD_URL: "redis://prod" });
    assert.equal(production.brokers["default"]?.uri, "redis://prod");
    assert.match(
      faultsIn(toml, { ENGINE_ENV: "production" })[0] ?? "",
      /^domain\.toml:5 production\.brokers\.default\.URI: .*PROD_URL/,
    );
  });

  test("a table with no section inside is an unknown section", () => {
    assert.deepEqual(faultsIn("[serevr.dlq]\nenabled = true\n[other]\nport = 1\n[empty]\n"), [
      'domain.toml:1 serevr: unknown section; did you mean "server"?',
      "domain.toml:3 other: unknown section (there are: databases, brokers, caches, event_store, server, telemetry, logging, check)",
    ]);
  });

  test("an empty table is an overlay, unless its name is nearly a section's", () => {
    assert.deepEqual(faultsIn("[staging]\n"), []);
    assert.deepEqual(faultsIn("[serevr]\n"), ['domain.toml:1 serevr: unknown section; did you mean "server"?']);
  });

  test("an ENGINE_ENV that almost names an overlay is an error; so is the name of a section", () => {
    assert.match(faultsIn(TOML, { ENGINE_ENV: "prodution" })[0] ?? "", /did you mean "production"\?/);
    assert.match(faultsIn(TOML, { ENGINE_ENV: "server" })[0] ?? "", /name of a section/);
  });

  test("contradictions are judged on what is in force", () => {
    const toml = '[brokers.default]\nprovider = "memory"\n[production.brokers.default]\nprovider = "redis"\n';
    assert.deepEqual(faultsIn(toml), []);
    assert.match(faultsIn(toml, { ENGINE_ENV: "production" })[0] ?? "", /brokers\.default\.URI: is required for redis/);
  });
});
