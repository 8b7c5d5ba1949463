import type { StaticRule } from "../rule.ts";

/** Nobody can ask how the engine stands. */
export const probeOff: StaticRule = {
  scope: "static",
  code: "CHECK_PROBE_OFF",
  severity: "warning",
  title: "the health server is off in production",
  rationale:
    "Without probes nothing notices a process that hangs, and a rollout cannot tell a good release from a bad one.",
  fix: "Set `server.health.enabled = true`; or mount `healthHandler` on a server of your own and suppress this.",
  run({ config, isProduction, placeOf }) {
    const key = "server.health.enabled";
    if (!isProduction || config.server.health.enabled) return [];
    return [{ on: key, message: `${key} is false`, place: placeOf(key) }];
  },
};
