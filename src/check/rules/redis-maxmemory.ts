import { liveRule, serverOf } from "../live/live-rule.ts";

const ALMOST_FULL = 0.85;

/** A server whose memory nothing bounds, or that has reached its bound. */
export const redisMaxmemory = liveRule(
  {
    code: "CHECK_REDIS_MAXMEMORY",
    severity: "warning",
    title: "memory of the server is unbounded, or nearly used up",
    rationale:
      "Without `maxmemory` a growing stream takes what the host has, until the kernel kills the server. With it, writes are refused at the bound: consumers drain, and nothing can be published or dead-lettered.",
    fix: "Set `maxmemory` below the host's memory with room for a fork, `maxmemory-policy noeviction`, and retention for the streams.",
  },
  (report) => {
    const { maxMemoryBytes: limit, usedMemoryBytes: used } = report.server;
    const on = serverOf(report);
    if (limit === null) return [];
    if (limit === 0) return [{ on, message: "maxmemory is not set: the server grows until the kernel kills it" }];
    if (used === null || used < limit * ALMOST_FULL) return [];
    return [
      { on, message: `${Math.round((used / limit) * 100)} % of maxmemory is in use: writes are refused at 100 %` },
    ];
  },
);
