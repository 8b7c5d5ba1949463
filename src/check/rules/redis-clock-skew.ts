import { liveRule, serverOf } from "../live/live-rule.ts";

const MOST_SKEW_MS = 2000;

/** Two clocks that disagree. */
export const redisClockSkew = liveRule(
  {
    code: "CHECK_REDIS_CLOCK_SKEW",
    severity: "warning",
    title: "the server's clock differs from this machine's",
    rationale:
      "Entry ids, retention and leases follow the server's clock; events and logs carry the engine's. Ages and lag in seconds are wrong by the difference, and a server that is set right under way ends leases early, or late.",
    fix: "Keep both in step with NTP.",
  },
  (report) => {
    const seconds = report.clockSkewMs / 1000;
    if (Math.abs(report.clockSkewMs) <= MOST_SKEW_MS) return [];
    const way = seconds > 0 ? "ahead of" : "behind";
    return [
      {
        on: serverOf(report),
        message: `the server's clock is ${Math.abs(seconds).toFixed(1)} s ${way} this machine's`,
      },
    ];
  },
);
