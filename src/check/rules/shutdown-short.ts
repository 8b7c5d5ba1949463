import type { StaticRule } from "../rule.ts";

/** After the drain: settling, closing. */
const CLOSING_SECONDS = 6;

/** Handlers that a release interrupts. */
export const shutdownShort: StaticRule = {
  scope: "static",
  code: "CHECK_SHUTDOWN_SHORT",
  severity: "info",
  title: "a stop interrupts handlers that are within their time",
  rationale:
    "A handler still running after `shutdown_timeout_seconds` is aborted; its message is handled again by another process, from the start. Nothing is lost, but long handlers start over with every release.",
  fix: `Raise \`server.shutdown_timeout_seconds\` to the longest handler timeout, and Kubernetes' \`terminationGracePeriodSeconds\` to that and ${CLOSING_SECONDS} s and the preStop's delay.`,
  run({ config, subscriptions, isProduction, placeOf }) {
    const { shutdownTimeoutSeconds } = config.server;
    const longest = subscriptions.toSorted(
      (a, b) => b.resolved.settings.handlerTimeoutSeconds - a.resolved.settings.handlerTimeoutSeconds,
    )[0];
    const seconds = longest?.resolved.settings.handlerTimeoutSeconds ?? 0;
    if (!isProduction || longest === undefined || shutdownTimeoutSeconds >= seconds) return [];
    const key = "server.shutdown_timeout_seconds";
    const message = `${key} is ${shutdownTimeoutSeconds}, and ${longest.model.handlerName} may run for ${seconds} s`;
    return [{ on: key, message, place: placeOf(key) }];
  },
};
