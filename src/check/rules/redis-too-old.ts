import { liveRule, serverOf } from "../live/live-rule.ts";
import { compareVersions, OLDEST_REDIS } from "../live/versions.ts";

/** Versions that corrupt their own memory on a command the engine uses. */
export const redisTooOld = liveRule(
  {
    code: "CHECK_REDIS_TOO_OLD",
    severity: "error",
    title: "server version that is not supported",
    rationale: `Before ${OLDEST_REDIS}, claiming idle messages can overflow the server's memory (CVE-2022-31144, CVE-2022-35951), and commands the engine needs answer differently.`,
    fix: `Upgrade to Redis ${OLDEST_REDIS} at least; better, to a line that is still maintained. Any Valkey will do.`,
  },
  (report) => {
    const { product, version } = report.server;
    if (product !== "redis" || compareVersions(version, OLDEST_REDIS) >= 0) return [];
    return [
      { on: serverOf(report), message: `the server is Redis ${version}; the oldest supported one is ${OLDEST_REDIS}` },
    ];
  },
);
