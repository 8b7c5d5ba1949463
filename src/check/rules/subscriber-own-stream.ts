import type { StaticRule } from "../rule.ts";

/** A subscriber of the domain's own stream. */
export const subscriberOwnStream: StaticRule = {
  scope: "static",
  code: "CHECK_SUBSCRIBER_OWN_STREAM",
  severity: "warning",
  title: "subscriber on a stream of this domain",
  rationale:
    "`@domain.subscriber` is for streams that other applications write: it knows nothing of the aggregate's events. Handler and publisher can drift apart without a word from the compiler.",
  fix: "Use `@domain.eventHandler({ partOf })`; or name the other application's stream.",
  run({ model }) {
    const owners = new Map(model.aggregates.map(({ category, name }) => [category, name]));
    return model.subscriptions
      .filter(({ kind, stream }) => kind === "subscriber" && owners.has(stream))
      .map(({ handlerName, stream }) => ({
        on: handlerName,
        message: `${handlerName} subscribes to "${stream}", the stream of aggregate ${owners.get(stream)}`,
      }));
  },
};
