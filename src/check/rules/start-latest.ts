import type { StaticRule } from "../rule.ts";

/** A subscription that skips what is there. */
export const startLatest: StaticRule = {
  scope: "static",
  code: "CHECK_START_LATEST",
  severity: "info",
  title: "a new subscription skips what is in the stream",
  rationale:
    'With `startFrom: "latest"`, what is published between the release and the group\'s creation is never delivered to this handler.',
  fix: 'Leave `startFrom` out ("earliest"), or accept the gap and suppress this with the reason.',
  run({ model, isProduction }) {
    if (!isProduction) return [];
    return model.subscriptions
      .filter(({ startFrom }) => startFrom === "latest")
      .map(({ handlerName, stream }) => ({
        on: handlerName,
        message: `${handlerName} starts at the end of "${stream}"`,
      }));
  },
};
