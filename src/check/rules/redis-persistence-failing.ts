import { liveRule, serverOf } from "../live/live-rule.ts";

/** A server that cannot write to its disk. */
export const redisPersistenceFailing = liveRule(
  {
    code: "CHECK_REDIS_PERSISTENCE_FAILING",
    severity: "error",
    title: "the server's persistence fails",
    rationale:
      "After a failed snapshot or write of its log, Redis refuses all writes (MISCONF): nothing is published, acked or dead-lettered.",
    fix: "Look at the server's log, its disk and its permissions; `BGSAVE` shows whether it is mended.",
  },
  (report) => {
    const { persistenceFailure } = report.server;
    return persistenceFailure === null ? [] : [{ on: serverOf(report), message: persistenceFailure }];
  },
);
