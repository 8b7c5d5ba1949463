import type { SubscriptionSettings } from "../../config/settings.ts";
import type { StaticRule } from "../rule.ts";

const LONGEST_STALL_SECONDS = 15 * 60;

/** One failing message that holds up its successors for long. */
export const retryStallsKey: StaticRule = {
  scope: "static",
  code: "CHECK_RETRY_STALLS_KEY",
  severity: "warning",
  title: "retries that hold a key up for long",
  rationale:
    "Order per key holds across retries: until a message has succeeded or is dead-lettered, later ones of its key wait, and the lease on them is renewed all the while.",
  fix: "Lower `max_retries` or `retry_max_delay_seconds`: dead-letter sooner and replay, rather than wait in place.",
  run({ subscriptions }) {
    return subscriptions.flatMap(({ model: { handlerName }, resolved }) => {
      const seconds = longestBackoff(resolved.settings);
      if (seconds <= LONGEST_STALL_SECONDS) return [];
      const { maxRetries, retryMaxDelaySeconds } = resolved.settings;
      const message = `${handlerName} may wait ${Math.round(seconds / 60)} min for its ${maxRetries} retries (retry_max_delay_seconds ${retryMaxDelaySeconds}), and the key with it`;
      return [{ on: handlerName, message }];
    });
  },
};

/** The sum of the delays' ceilings. */
function longestBackoff({ maxRetries, retryDelaySeconds, retryMaxDelaySeconds }: SubscriptionSettings): number {
  let total = 0;
  for (let retry = 0; retry < maxRetries; retry += 1) {
    total += Math.min(retryDelaySeconds * 2 ** Math.min(retry, 50), retryMaxDelaySeconds);
  }
  return total;
}
