import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { resolveSubscription } from "../../../src/config/explain.ts";
import { BUILT_IN_PROFILES } from "../../../src/config/profiles.ts";
import type { SubscriptionSettings } from "../../../src/config/settings.ts";
import { faultsIn, load } from "./written.ts";

const FIELDS = [
  "subscriptionType",
  "messagesPerTick",
  "concurrency",
  "blockingTimeoutMs",
  "maxRetries",
  "retryDelaySeconds",
  "retryMaxDelaySeconds",
  "handlerTimeoutSeconds",
  "claimIdleMs",
  "maxCrashes",
  "enableDlq",
  "circuitBreakerThreshold",
  "circuitBreakerResetSeconds",
] as const satisfies readonly (keyof SubscriptionSettings)[];

/** The table of the contract, column by column. */
const TABLE = {
  production: ["stream", 100, 16, 5000, 3, 1, 60, 30, 30_000, 3, true, 10, 60],
  fast: ["stream", 10, 32, 100, 2, 0, 5, 5, 10_000, 3, true, 10, 60],
  batch: ["stream", 500, 64, 10_000, 5, 2, 120, 120, 60_000, 3, true, 10, 60],
  debug: ["stream", 1, 1, 1000, 1, 0, 0, 0, 30_000, 3, true, 10, 60],
  projection: ["event_store", 100, 1, 5000, 3, 1, 60, 60, 30_000, 3, true, 10, 60],
} as const;

const REQUEST = { name: "shop.Audit", handlerName: "Audit" };

describe("built-in profiles", () => {
  for (const [name, values] of Object.entries(TABLE)) {
    test(`${name} is as the contract has it`, () => {
      const profile = BUILT_IN_PROFILES[name as keyof typeof TABLE];
      assert.deepEqual(
        FIELDS.map((field) => profile[field]),
        values,
      );
      assert.deepEqual(Object.keys(profile), [...FIELDS]);
    });
  }

  test("each but projection resolves to its column, by any case of its name", () => {
    for (const name of ["production", "fast", "batch", "debug"] as const) {
      const { settings, profile } = resolveSubscription(load(""), { ...REQUEST, profile: name.toUpperCase() });
      assert.deepEqual(
        FIELDS.map((field) => settings[field]),
        TABLE[name],
      );
      assert.equal(profile, name);
      assert.equal(settings.dlqRetentionHours, 168);
      assert.equal(settings.dlqAlertThreshold, 100);
    }
  });
});

describe("profiles of one's own", () => {
  const resolve = (toml: string, profile: string): SubscriptionSettings =>
    resolveSubscription(load(toml), { ...REQUEST, profile }).settings;

  test("inherits from a built-in one, and from another of one's own", () => {
    const toml =
      '[server.profiles.Bulk]\ninherits = "BATCH"\nmax_retries = 9\n[server.profiles.more]\ninherits = "bulk"\nconcurrency = 3\n';
    const settings = resolve(toml, "MORE");
    assert.equal(settings.concurrency, 3);
    assert.equal(settings.maxRetries, 9);
    assert.equal(settings.messagesPerTick, 500);
  });

  test("without inherits it sets only what it lists; lower levels do the rest", () => {
    const toml = '[server]\ndefault_subscription_profile = "fast"\n[server.profiles.mine]\nmax_retries = 9\n';
    const settings = resolve(toml, "mine");
    assert.equal(settings.maxRetries, 9);
    assert.equal(settings.concurrency, 32);
  });

  test("a profile may set the dead-letter fields", () => {
    assert.equal(resolve("[server.profiles.mine]\ndlq_retention_hours = 720\n", "mine").dlqRetentionHours, 720);
  });

  const refused: Readonly<Record<string, readonly [string, RegExp]>> = {
    "an unknown base": [
      'inherits = "bacth"',
      /:2 server\.profiles\.mine\.inherits: unknown profile; did you mean "batch"\?/,
    ],
    "itself as base": ['inherits = "mine"', /:2 server\.profiles\.mine\.inherits: inherits from itself: mine → mine/],
    "an unknown field": [
      "max_retry = 1",
      /:2 server\.profiles\.mine\.max_retry: unknown key; did you mean "max_retries"\?/,
    ],
    "a value out of range": ["concurrency = 0", /:2 server\.profiles\.mine\.concurrency: must be between/],
    "a delay above its maximum": [
      'inherits = "debug"\nretry_delay_seconds = 5',
      /:3 server\.profiles\.mine\.retry_delay_seconds: .*comes to 0, less than/,
    ],
    "the event store": [
      'subscription_type = "event_store"',
      /:2 server\.profiles\.mine\.subscription_type: .*not available in this version/,
    ],
    "another profile's key": ['profile = "fast"', /:2 server\.profiles\.mine\.profile: unknown key/],
  };
  for (const [what, [lines, expected]] of Object.entries(refused)) {
    test(`with ${what} is refused, even when unused`, () => {
      const faults = faultsIn(`[server.profiles.mine]\n${lines}\n`);
      assert.equal(faults.length, 1, faults.join("\n"));
      assert.match(faults[0] ?? "", expected);
    });
  }

  test("a circle of several is refused at each of them", () => {
    const faults = faultsIn(
      '[server.profiles.a]\ninherits = "b"\n[server.profiles.b]\ninherits = "c"\n[server.profiles.c]\ninherits = "b"\n',
    );
    assert.equal(faults.filter((fault) => fault.includes("inherits from itself")).length, 3);
  });

  test("the name of a built-in one is taken, in any case", () => {
    assert.match(
      faultsIn("[server.profiles.Production]\nconcurrency = 1\n")[0] ?? "",
      /:1 server\.profiles\.production: is the name of a built-in/,
    );
  });

  test("one name in two cases is one too many", () => {
    assert.match(
      faultsIn("[server.profiles.Bulk]\n[server.profiles.bulk]\n")[0] ?? "",
      /:2 server\.profiles\.bulk: is there twice/,
    );
  });

  test("profiles that is no table of tables is refused", () => {
    assert.match(faultsIn("[server]\nprofiles = 1\n")[0] ?? "", /server\.profiles: must be a table/);
    assert.match(faultsIn("[server.profiles]\nbulk = 1\n")[0] ?? "", /server\.profiles\.bulk: must be a table/);
  });
});

describe("the event store, which this version does not serve", () => {
  const refused = [
    '[server]\ndefault_subscription_profile = "projection"\n',
    '[server.subscriptions.X]\nprofile = "projection"\n',
    '[server.subscriptions.X]\nsubscription_type = "event_store"\n',
    '[server.defaults]\nsubscription_type = "event_store"\n',
    '[server.subscriptions.X]\nprofile = "mine"\n[server.profiles.mine]\ninherits = "projection"\n',
  ];
  for (const toml of refused) {
    test(`is refused in ${toml.replaceAll("\n", " ").trim()}`, () => {
      const faults = faultsIn(toml);
      assert.equal(faults.length, 1, faults.join("\n"));
      assert.match(faults[0] ?? "", /^domain\.toml:2 .*not available in this version/);
    });
  }

  test("a profile may inherit from projection and read a stream", () => {
    const toml =
      '[server.profiles.mine]\ninherits = "projection"\nsubscription_type = "stream"\n[server.subscriptions.X]\nprofile = "mine"\n';
    assert.deepEqual(faultsIn(toml), []);
  });
});
