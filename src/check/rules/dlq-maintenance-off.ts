import type { StaticRule } from "../rule.ts";

/** Nobody trims dead letters or looks how many there are. */
export const dlqMaintenanceOff: StaticRule = {
  scope: "static",
  code: "CHECK_DLQ_MAINTENANCE_OFF",
  severity: "warning",
  title: "dead-letter maintenance is off in production",
  rationale:
    "Without it dead letters are never trimmed, never measured and never alert: they grow until Redis is full.",
  fix: "Set `server.dlq.enabled = true`.",
  run({ config, isProduction, placeOf, subscriptions }) {
    if (!isProduction || config.server.dlq.enabled || subscriptions.length === 0) return [];
    const key = "server.dlq.enabled";
    return [{ on: key, message: `${key} is false: dead letters are neither trimmed nor watched`, place: placeOf(key) }];
  },
};
