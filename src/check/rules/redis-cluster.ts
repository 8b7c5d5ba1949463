import { isClusterUri } from "../hosts.ts";
import { liveRule, serverOf } from "../live/live-rule.ts";

/** A cluster behind a URI for one server. */
export const redisCluster = liveRule(
  {
    code: "CHECK_REDIS_CLUSTER",
    severity: "error",
    title: "the server is one node of a cluster",
    rationale:
      "Through a `redis://` URI the engine talks to this node alone: streams whose slot is on another node answer MOVED, and nothing of them is read.",
    fix: "Use a `redis+cluster://` URI, or a server with `cluster-enabled no`.",
  },
  (report, { config }) => {
    const uri = config.brokers[report.broker]?.uri ?? "";
    if (report.server.isCluster !== true || isClusterUri(uri)) return [];
    return [{ on: serverOf(report), message: "the server runs in cluster mode, and the URI is for a single server" }];
  },
);
