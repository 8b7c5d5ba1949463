import { isLoopback } from "../hosts.ts";
import type { StaticRule } from "../rule.ts";

/** Probes that nobody outside can reach. */
export const probeLoopback: StaticRule = {
  scope: "static",
  code: "CHECK_PROBE_LOOPBACK",
  severity: "warning",
  title: "probes answer on the loopback only in production",
  rationale:
    "In a container, the kubelet and the metrics scraper come from outside: they are refused, and the pod never becomes ready.",
  fix: 'Set `[production.server.health] host = "0.0.0.0"`. Where the prober runs on the same host, suppress this with that as the reason.',
  run({ config, isProduction, placeOf }) {
    const { enabled, host } = config.server.health;
    if (!isProduction || !enabled || !isLoopback(host)) return [];
    const key = "server.health.host";
    return [{ on: key, message: `${key} is ${host}`, place: placeOf(key) }];
  },
};
