import { settingPlace } from "../places.ts";
import type { StaticRule } from "../rule.ts";

/** Messages that fail for good are thrown away. */
export const dlqOff: StaticRule = {
  scope: "static",
  code: "CHECK_DLQ_OFF",
  severity: "error",
  title: "dead letters are off in production",
  rationale:
    "Without dead letters, a message that failed for good is discarded: a line in the log is all that is left of it, and nothing can be replayed.",
  fix: "Set `enable_dlq = true`; or suppress this for a handler whose messages are of no worth once they failed.",
  run({ subscriptions, isProduction }) {
    if (!isProduction) return [];
    return subscriptions
      .filter(({ resolved }) => !resolved.settings.enableDlq)
      .map((subscription) => ({
        on: subscription.model.handlerName,
        message: `${subscription.model.handlerName} discards what it cannot handle (set by ${subscription.resolved.sources.enableDlq})`,
        place: settingPlace(subscription, "enableDlq"),
      }));
  },
};
