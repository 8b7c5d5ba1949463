import type { StaticRule } from "../rule.ts";

/** Alerts that reach nobody by themselves. */
export const dlqAlertSilent: StaticRule = {
  scope: "static",
  code: "CHECK_DLQ_ALERT_SILENT",
  severity: "info",
  title: "dead-letter alerts only in logs and metrics",
  rationale:
    "Without a callback, an alert is a warning in the log and a count. That is enough where something watches those, and silence where nothing does.",
  fix: 'Set `server.dlq.alert_callback = "./alerts.js#onDlqAlert"`, or alert on `engine.dlq.depth` and suppress this with that as the reason.',
  run({ config, isProduction, subscriptions }) {
    const { enabled, alertCallback } = config.server.dlq;
    if (!isProduction || !enabled || alertCallback !== null || subscriptions.length === 0) return [];
    return [{ on: "server.dlq.alert_callback", message: "no alert callback is set" }];
  },
};
