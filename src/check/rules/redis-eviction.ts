import { liveRule, serverOf } from "../live/live-rule.ts";

/** A server that deletes keys to make room. */
export const redisEviction = liveRule(
  {
    code: "CHECK_REDIS_EVICTION",
    severity: "error",
    title: "the server may evict streams",
    rationale:
      "At `maxmemory`, an `allkeys-*` policy deletes whole streams, with their groups and everything pending. A `volatile-*` one spares the streams and deletes the histories of failed messages, which expire: their retries and crashes are counted from zero again.",
    fix: "Set `maxmemory-policy noeviction`, and give caches a server of their own.",
  },
  (report) => {
    const { evictionPolicy: policy } = report.server;
    if (policy === null || policy === "noeviction") return [];
    const isVolatile = policy.startsWith("volatile-");
    const message = `maxmemory-policy is ${policy}: under memory pressure ${isVolatile ? "histories of failed messages are" : "streams and their groups are"} deleted`;
    return [{ on: serverOf(report), message, severity: isVolatile ? ("warning" as const) : ("error" as const) }];
  },
);
