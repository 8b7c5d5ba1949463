import { liveRule, serverOf } from "../live/live-rule.ts";

/** A server that takes no writes. */
export const redisReplica = liveRule(
  {
    code: "CHECK_REDIS_REPLICA",
    severity: "error",
    title: "the server is a replica",
    rationale: "Replicas are read-only: the engine can neither publish nor read as a consumer group there.",
    fix: "Name the primary, or a service that follows it.",
  },
  (report) =>
    report.server.role === "replica" ? [{ on: serverOf(report), message: "the URI leads to a read-only replica" }] : [],
);
