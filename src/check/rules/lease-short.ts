import { settingPlace } from "../places.ts";
import type { StaticRule } from "../rule.ts";

/** A renewal may take as long as the adapter's command timeout, and is sent at every third of the lease. */
const COMMAND_TIMEOUT_MS = 5000;

/** A lease that one slow moment outlasts. */
export const leaseShort: StaticRule = {
  scope: "static",
  code: "CHECK_LEASE_SHORT",
  severity: "warning",
  title: "lease that a pause can outlast",
  rationale:
    "A lease is renewed at every third of `claim_idle_ms` for as long as the message is held, also while it waits for a retry: it need not be longer than the handler timeout. But a renewal can be late: by a synchronous stretch of code or a garbage collection that blocks the event loop, or by a slow answer, given up after 5 s. A lease that does not leave room for one such pause is taken over while the handler runs, and the message is handled twice.",
  fix: "Set `claim_idle_ms` to 7500 or more: two thirds of it then outlast one renewal that got no answer. Longer only delays the take-over after a crash.",
  run({ subscriptions }) {
    return subscriptions.flatMap((subscription) => {
      const { model, resolved } = subscription;
      const { handlerName } = model;
      const { claimIdleMs } = resolved.settings;
      if (claimIdleMs - claimIdleMs / 3 >= COMMAND_TIMEOUT_MS) return [];
      const message = `${handlerName} holds messages for ${claimIdleMs} ms (set by ${resolved.sources.claimIdleMs}): a renewal that gets no answer for ${COMMAND_TIMEOUT_MS} ms comes too late`;
      return [{ on: handlerName, message, place: settingPlace(subscription, "claimIdleMs") }];
    });
  },
};
