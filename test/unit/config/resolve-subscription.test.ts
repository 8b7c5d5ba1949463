import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { resolveSubscription, unknownSubscriptionSections } from "../../../src/config/explain.ts";
import { formatFault } from "../../../src/config/faults.ts";
import type { SubscriptionOverrides } from "../../../src/config/settings.ts";
import { faultsIn, faultsOf, load } from "./written.ts";

const REQUEST = { name: "shop.Audit", handlerName: "Audit" };

/** Levels from the lowest to the highest; each takes `concurrency` over from the one before it. */
const LEVELS: readonly {
  readonly toml?: string;
  readonly code?: object;
  readonly value: number;
  readonly source: string;
}[] = [
  { value: 16, source: "profile production" },
  { toml: '[server]\ndefault_subscription_profile = "fast"\n', value: 32, source: "profile fast" },
  { toml: "[server.defaults]\nconcurrency = 3\n", value: 3, source: "domain.toml:4" },
  { toml: '[server.subscriptions.Audit]\nprofile = "batch"\n', value: 64, source: "profile batch" },
  { toml: "concurrency = 5\n", value: 5, source: "domain.toml:7" },
  { toml: '[server.subscriptions."shop.Audit"]\nconcurrency = 6\n', value: 6, source: "domain.toml:9" },
  { code: { profile: "debug" }, value: 1, source: "profile debug" },
  { code: { overrides: { concurrency: 8 } }, value: 8, source: "code: subscriptionConfig" },
];

describe("precedence", () => {
  for (const [index, { value, source }] of LEVELS.entries()) {
    test(`level ${index + 1} of ${LEVELS.length} wins over all below it: ${source}`, () => {
      const levels = LEVELS.slice(0, index + 1);
      const config = load(levels.map(({ toml }) => toml ?? "").join(""));
      const request = Object.assign({}, REQUEST, ...levels.map(({ code }) => code ?? {})) as typeof REQUEST;
      const resolved = resolveSubscription(config, request);
      assert.equal(resolved.settings.concurrency, value);
      assert.equal(resolved.sources.concurrency, source);
    });
  }

  test("a field set at a level wins over any profile below, field by field", () => {
    const config = load(
      '[server]\ndefault_subscription_profile = "fast"\n[server.subscriptions.Audit]\nmax_retries = 7\n',
    );
    const { settings, profile, sources } = resolveSubscription(config, REQUEST);
    assert.equal(settings.maxRetries, 7);
    assert.equal(settings.messagesPerTick, 10);
    assert.equal(profile, "fast");
    assert.equal(sources.messagesPerTick, "profile fast");
  });

  test("dead-letter fields come from [server.dlq] unless a level sets them", () => {
    const toml = "[server.dlq]\nretention_hours = 24\n";
    const inherited = resolveSubscription(load(toml), REQUEST);
    assert.equal(inherited.settings.dlqRetentionHours, 24);
    assert.equal(inherited.sources.dlqRetentionHours, "server.dlq (domain.toml:2)");
    assert.equal(inherited.sources.dlqAlertThreshold, "server.dlq (default)");
    const overrides = { dlqRetentionHours: 720, dlqAlertThreshold: 10 };
    const own = resolveSubscription(load(toml), { ...REQUEST, overrides });
    assert.equal(own.settings.dlqRetentionHours, 720);
    assert.equal(own.settings.dlqAlertThreshold, 10);
  });

  test("a section says what it sets even when false or 0", () => {
    const { settings } = resolveSubscription(
      load("[server.subscriptions.Audit]\nenable_dlq = false\nmax_retries = 0\n"),
      REQUEST,
    );
    assert.equal(settings.enableDlq, false);
    assert.equal(settings.maxRetries, 0);
  });

  test("a profile of one's own is named as the source, with its place", () => {
    const config = load(
      '[server.profiles.bulk]\ninherits = "batch"\nmax_retries = 9\n[server.subscriptions.Audit]\nprofile = "Bulk"\n',
    );
    const { sources, profile } = resolveSubscription(config, REQUEST);
    assert.equal(profile, "bulk");
    assert.equal(sources.maxRetries, "profile bulk (domain.toml:3)");
    assert.equal(sources.concurrency, "profile batch");
  });

  test("the settings are frozen, and undefined in code sets nothing", () => {
    const overrides = { concurrency: undefined } as unknown as SubscriptionOverrides;
    const { settings } = resolveSubscription(load(""), { ...REQUEST, overrides });
    assert.equal(settings.concurrency, 16);
    assert.ok(Object.isFrozen(settings));
  });
});

describe("what a handler says in code is checked by the same table", () => {
  const faultsFor = (request: object): readonly string[] =>
    faultsOf(() => resolveSubscription(load(""), { ...REQUEST, ...request }));

  test("all its faults at once, with handler, field and nearest name", () => {
    const overrides = { messagesPerTick: 0, concurency: 1, claimIdleMs: "x", subscriptionType: "strem" };
    assert.deepEqual(faultsFor({ overrides, profile: "fats" }), [
      "code Audit.subscriptionConfig.messagesPerTick: must be between 1 and 10000, is 0",
      'code Audit.subscriptionConfig.concurency: unknown option; did you mean "concurrency"?',
      "code Audit.subscriptionConfig.claimIdleMs: must be an integer, is a string",
      'code Audit.subscriptionConfig.subscriptionType: "strem" is not one of stream, event_store; did you mean "stream"?',
      'code Audit.subscriptionProfile: unknown profile "fats"; did you mean "fast"?',
    ]);
  });

  test("the event store is refused, however it is chosen", () => {
    assert.match(
      faultsFor({ profile: "projection" })[0] ?? "",
      /Audit\.subscriptionType: .*not available.*profile projection/,
    );
    assert.match(
      faultsFor({ overrides: { subscriptionType: "event_store" } })[0] ?? "",
      /not available.*code: subscriptionConfig/,
    );
    assert.deepEqual(faultsFor({ profile: "projection", overrides: { subscriptionType: "stream" } }), []);
  });

  test("a delay above a maximum from another level is refused, with both levels", () => {
    assert.deepEqual(faultsFor({ overrides: { retryDelaySeconds: 100 } }), [
      "Audit.retryMaxDelaySeconds: 60 is less than retry_delay_seconds, 100 (set by profile production, retryDelaySeconds by code: subscriptionConfig)",
    ]);
    assert.deepEqual(faultsFor({ overrides: { retryDelaySeconds: 100, retryMaxDelaySeconds: 100 } }), []);
  });
});

describe("sections of subscriptions", () => {
  test("a delay above the maximum it inherits is a fault of the section that sets it, once", () => {
    assert.deepEqual(
      faultsIn("[server.subscriptions.A]\nconcurrency = 1\n[server.defaults]\nretry_delay_seconds = 61\n"),
      [
        "domain.toml:4 server.defaults.retry_delay_seconds: retry_max_delay_seconds comes to 60, less than retry_delay_seconds, 61",
      ],
    );
    assert.deepEqual(
      faultsIn("[server.defaults]\nretry_delay_seconds = 2\n[server.subscriptions.A]\nretry_max_delay_seconds = 1\n"),
      [
        "domain.toml:4 server.subscriptions.A.retry_max_delay_seconds: retry_max_delay_seconds comes to 1, less than retry_delay_seconds, 2",
      ],
    );
  });

  test("an unknown profile has the nearest name", () => {
    assert.deepEqual(faultsIn('[server.subscriptions."shop.A"]\nprofile = "debgu"\n'), [
      'domain.toml:2 server.subscriptions."shop.A".profile: unknown profile; did you mean "debug"?',
    ]);
  });

  test("one that matches no handler and no subscription is found, with the nearest name", () => {
    const config = load(
      '[server.subscriptions.AuditHandler]\n[server.subscriptions.AuditHandlr]\n[server.subscriptions."shop.Mail"]\n',
    );
    const faults = unknownSubscriptionSections(config, ["AuditHandler", "shop.AuditHandler", "Mail", "shop.Mail"]);
    assert.deepEqual(faults.map(formatFault), [
      'domain.toml:2 server.subscriptions.AuditHandlr: no handler and no subscription has this name; did you mean "AuditHandler"?',
    ]);
  });
});
