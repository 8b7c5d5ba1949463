import { settingPlace } from "../places.ts";
import type { StaticRule } from "../rule.ts";

/** From Friday evening to Monday morning, and a holiday. */
const WEEKEND_HOURS = 72;

/** Dead letters that are gone before anybody looks. */
export const dlqRetentionShort: StaticRule = {
  scope: "static",
  code: "CHECK_DLQ_RETENTION_SHORT",
  severity: "warning",
  title: "dead letters are trimmed within a weekend",
  rationale:
    "A dead letter is the last copy of a message. What failed on Friday evening has to be there on Monday, when somebody looks.",
  fix: `Set \`dlq_retention_hours\` (or \`server.dlq.retention_hours\`) to ${WEEKEND_HOURS} or more; 168 is a week.`,
  run({ subscriptions }) {
    return subscriptions
      .filter(({ resolved }) => resolved.settings.dlqRetentionHours < WEEKEND_HOURS)
      .map((subscription) => ({
        on: subscription.model.handlerName,
        message: `dead letters of ${subscription.model.handlerName} are trimmed after ${subscription.resolved.settings.dlqRetentionHours} h (set by ${subscription.resolved.sources.dlqRetentionHours})`,
        place: settingPlace(subscription, "dlqRetentionHours"),
      }));
  },
};
