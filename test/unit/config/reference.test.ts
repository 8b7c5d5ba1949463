import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { renderConfigurationPage } from "../../../scripts/generate-reference.ts";
import { PROFILE_FIELDS } from "../../../src/config/profile-fields.ts";
import { CONFIG_KEYS } from "../../../src/config/schema.ts";
import { load } from "./written.ts";

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

describe("the reference page", () => {
  test("is what scripts/generate-reference.ts writes", () => {
    assert.equal(read("docs/reference/configuration.md"), renderConfigurationPage());
  });

  test("has every key", () => {
    const page = read("docs/reference/configuration.md");
    const fields = new Set(PROFILE_FIELDS.map(({ field }) => field));
    for (const { path } of CONFIG_KEYS) {
      const field = path.split(".").at(-1) ?? "";
      const isField = /^server\.(?:defaults|subscriptions|profiles)\./.test(path) && fields.has(field);
      assert.ok(page.includes(isField ? `| \`${field}\` |` : `| \`${path.replace("*", "NAME")}\` |`), path);
    }
  });
});

describe("domain.toml.example", () => {
  const example = read("domain.toml.example");

  test("is valid as it is, in each of its environments", () => {
    assert.equal(load(example).brokers["default"]?.uri, "redis://127.0.0.1:6379/0");
    const production = load(example, { ENGINE_ENV: "production", HEALTH_PORT: "9" });
    assert.deepEqual(production.server.health, { enabled: true, host: "0.0.0.0", port: 9 });
    assert.equal(production.logging.format, "json");
  });

  test("is valid with everything that is commented out", () => {
    const whole = uncomment(example);
    const config = load(whole, { DATABASE_URL: "postgresql://h/d", REDIS_URL: "redis://h" });
    assert.deepEqual(config.usedSections, ["databases", "caches", "event_store"]);
    assert.equal(Object.keys(config.server.subscriptions["AuditHandler"] ?? {}).length, PROFILE_FIELDS.length);
  });

  test("shows every key", () => {
    const names = new Set([...uncomment(example).matchAll(/^(\w+) = /gm)].map(([, name]) => name));
    const keys = CONFIG_KEYS.map(({ path }) => path.split(".").at(-1) ?? "").filter(
      (key) => key !== "subscription_type",
    );
    for (const key of keys) assert.ok(names.has(key), key);
  });
});

/** Takes the `# ` off lines that are TOML behind it. */
function uncomment(toml: string): string {
  return toml.replaceAll(/^# (?=\[[\w.]+\]|\w+ = )/gm, "");
}
