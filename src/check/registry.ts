/** Every rule of the engine, one line each, in the order of the reference page. */
import type { CheckRule, RuleDescription } from "./rule.ts";
import { aggregateNoEvents } from "./rules/aggregate-no-events.ts";
import { aggregateTwice } from "./rules/aggregate-twice.ts";
import { alertCallback } from "./rules/alert-callback.ts";
import { brokerUnreachable } from "./rules/broker-unreachable.ts";
import { configWorldReadable } from "./rules/config-world-readable.ts";
import { deadLettersDepth } from "./rules/dead-letters-depth.ts";
import { deadLettersInvalid } from "./rules/dead-letters-invalid.ts";
import { deadLettersOrphaned } from "./rules/dead-letters-orphaned.ts";
import { dlqAlertSilent } from "./rules/dlq-alert-silent.ts";
import { dlqMaintenanceOff } from "./rules/dlq-maintenance-off.ts";
import { dlqOff } from "./rules/dlq-off.ts";
import { dlqRetentionShort } from "./rules/dlq-retention-short.ts";
import { dlqThresholdHigh } from "./rules/dlq-threshold-high.ts";
import { eventKeyMissing } from "./rules/event-key-missing.ts";
import { eventNoKey } from "./rules/event-no-key.ts";
import { eventUnhandled } from "./rules/event-unhandled.ts";
import { groupOrphaned } from "./rules/group-orphaned.ts";
import { handlerForeignEvent } from "./rules/handler-foreign-event.ts";
import { handlerSettings } from "./rules/handler-settings.ts";
import { handlerTimeoutNone } from "./rules/handler-timeout-none.ts";
import { handlerTwice } from "./rules/handler-twice.ts";
import { handlerUnknownEvent } from "./rules/handler-unknown-event.ts";
import { inFlightInvalid } from "./rules/in-flight-invalid.ts";
import { inFlightUnhandled } from "./rules/in-flight-unhandled.ts";
import { leaseShort } from "./rules/lease-short.ts";
import { logLevelDebug } from "./rules/log-level-debug.ts";
import { maxConnectionsLow } from "./rules/max-connections-low.ts";
import { memoryBroker } from "./rules/memory-broker.ts";
import { nameCase } from "./rules/name-case.ts";
import { pendingUnattended } from "./rules/pending-unattended.ts";
import { probeLoopback } from "./rules/probe-loopback.ts";
import { probeOff } from "./rules/probe-off.ts";
import { profileDevelopment } from "./rules/profile-development.ts";
import { redisClockSkew } from "./rules/redis-clock-skew.ts";
import { redisCluster } from "./rules/redis-cluster.ts";
import { redisConnections } from "./rules/redis-connections.ts";
import { redisDurability } from "./rules/redis-durability.ts";
import { redisEviction } from "./rules/redis-eviction.ts";
import { redisMaxmemory } from "./rules/redis-maxmemory.ts";
import { redisPersistenceFailing } from "./rules/redis-persistence-failing.ts";
import { redisPlaintext } from "./rules/redis-plaintext.ts";
import { redisReplica } from "./rules/redis-replica.ts";
import { redisRights } from "./rules/redis-rights.ts";
import { redisTooOld } from "./rules/redis-too-old.ts";
import { redisVulnerable } from "./rules/redis-vulnerable.ts";
import { retentionNone } from "./rules/retention-none.ts";
import { retentionShort } from "./rules/retention-short.ts";
import { retryStallsKey } from "./rules/retry-stalls-key.ts";
import { schemaNotJson } from "./rules/schema-not-json.ts";
import { secretLiteral } from "./rules/secret-literal.ts";
import { sectionUnused } from "./rules/section-unused.ts";
import { shutdownShort } from "./rules/shutdown-short.ts";
import { startLatest } from "./rules/start-latest.ts";
import { streamFutureIds } from "./rules/stream-future-ids.ts";
import { streamWrongType } from "./rules/stream-wrong-type.ts";
import { subscriberOwnStream } from "./rules/subscriber-own-stream.ts";
import { subscriptionSectionUnmatched } from "./rules/subscription-section-unmatched.ts";

export const RULES: readonly CheckRule[] = [
  eventUnhandled,
  handlerForeignEvent,
  handlerUnknownEvent,
  aggregateNoEvents,
  aggregateTwice,
  nameCase,
  handlerTwice,
  eventKeyMissing,
  eventNoKey,
  schemaNotJson,
  subscriberOwnStream,
  startLatest,
  handlerSettings,
  subscriptionSectionUnmatched,
  sectionUnused,
  leaseShort,
  handlerTimeoutNone,
  retryStallsKey,
  shutdownShort,
  profileDevelopment,
  dlqOff,
  dlqMaintenanceOff,
  dlqRetentionShort,
  dlqThresholdHigh,
  dlqAlertSilent,
  alertCallback,
  retentionNone,
  retentionShort,
  probeOff,
  probeLoopback,
  logLevelDebug,
  memoryBroker,
  maxConnectionsLow,
  redisPlaintext,
  secretLiteral,
  configWorldReadable,
  brokerUnreachable,
  redisTooOld,
  redisVulnerable,
  redisReplica,
  redisCluster,
  redisDurability,
  redisPersistenceFailing,
  redisEviction,
  redisMaxmemory,
  redisConnections,
  redisClockSkew,
  redisRights,
  groupOrphaned,
  pendingUnattended,
  streamFutureIds,
  streamWrongType,
  inFlightInvalid,
  inFlightUnhandled,
  deadLettersInvalid,
  deadLettersDepth,
  deadLettersOrphaned,
];

/** Findings about the check itself: a suppression that suppresses nothing, or names no rule. */
export const SUPPRESSION_UNUSED: RuleDescription = {
  code: "CHECK_SUPPRESSION_UNUSED",
  severity: "warning",
  title: "suppression without effect",
  rationale: "What it was for is mended, or it never matched. Left in place, it hides the next finding of its kind.",
  fix: "Remove it from `[check] suppress`, or correct its `code` and `on`.",
};

/** A rule that threw. */
export const RULE_FAILED: RuleDescription = {
  code: "CHECK_RULE_FAILED",
  severity: "error",
  title: "a rule could not be run",
  rationale: "Nothing is known of what it would have found.",
  fix: "Mend the rule if it is your own; otherwise report it, and suppress this until it is mended.",
};

/** What the configuration or the domain refuse outright, in machine-readable reports. */
export const INVALID: RuleDescription = {
  code: "CHECK_INVALID",
  severity: "error",
  title: "configuration or domain is invalid",
  rationale: "The engine does not start with it, and no further rule can look.",
  fix: "Correct what the finding names; `engine config explain` shows what is in force.",
};

export const ALL_DESCRIPTIONS: readonly RuleDescription[] = [...RULES, SUPPRESSION_UNUSED, RULE_FAILED, INVALID];
