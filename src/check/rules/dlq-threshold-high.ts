import { settingPlace } from "../places.ts";
import type { StaticRule } from "../rule.ts";

const HIGHEST = 10_000;

/** An alert that comes too late to be one. */
export const dlqThresholdHigh: StaticRule = {
  scope: "static",
  code: "CHECK_DLQ_THRESHOLD_HIGH",
  severity: "warning",
  title: "dead-letter alert that hardly ever comes",
  rationale:
    "The alert is how somebody learns that a handler fails. Behind a threshold of tens of thousands it comes after everything has failed for long.",
  fix: `Set \`dlq_alert_threshold\` (or \`server.dlq.alert_threshold\`) to ${HIGHEST} or less; 100 is the default.`,
  run({ subscriptions }) {
    return subscriptions
      .filter(({ resolved }) => resolved.settings.dlqAlertThreshold > HIGHEST)
      .map((subscription) => ({
        on: subscription.model.handlerName,
        message: `${subscription.model.handlerName} alerts from ${subscription.resolved.settings.dlqAlertThreshold} dead letters on (set by ${subscription.resolved.sources.dlqAlertThreshold})`,
        place: settingPlace(subscription, "dlqAlertThreshold"),
      }));
  },
};
