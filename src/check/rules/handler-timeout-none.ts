import { settingPlace } from "../places.ts";
import type { StaticRule } from "../rule.ts";

/** Handlers that may run for ever. */
export const handlerTimeoutNone: StaticRule = {
  scope: "static",
  code: "CHECK_HANDLER_TIMEOUT_NONE",
  severity: "warning",
  title: "no handler timeout in production",
  rationale:
    "A handler that waits for something that never comes holds its key, and one of the places for messages in hand, until the process ends. The lease is renewed all the while, so nobody else takes over.",
  fix: "Set `handler_timeout_seconds` to what the slowest good run needs, and pass `context.signal` on.",
  run({ subscriptions, isProduction }) {
    if (!isProduction) return [];
    return subscriptions
      .filter(({ resolved }) => resolved.settings.handlerTimeoutSeconds === 0)
      .map((subscription) => ({
        on: subscription.model.handlerName,
        message: `${subscription.model.handlerName} has no handler timeout (set by ${subscription.resolved.sources.handlerTimeoutSeconds})`,
        place: settingPlace(subscription, "handlerTimeoutSeconds"),
      }));
  },
};
