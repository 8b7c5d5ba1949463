import type { StaticRule } from "../rule.ts";

/** Events without a key. */
export const eventNoKey: StaticRule = {
  scope: "static",
  code: "CHECK_EVENT_NO_KEY",
  severity: "info",
  title: "event without a key",
  rationale:
    "Messages are handled in order for each key. Without one, `concurrency` lets an aggregate's later event overtake its earlier one.",
  fix: "Name the property that holds the aggregate's id: `key` of the aggregate, or of the event.",
  run({ model, subscriptions }) {
    return [...model.homes].flatMap(([type, { key, stream }]) => {
      if (key !== undefined) return [];
      const racing = subscriptions.find(
        ({ model: { stream: read, routes }, resolved }) =>
          read === stream && routes.has(type) && resolved.settings.concurrency > 1,
      );
      if (racing === undefined) return [];
      const { concurrency } = racing.resolved.settings;
      return [
        {
          on: type,
          message: `${type} has no key, and ${racing.model.handlerName} handles ${concurrency} messages at once, in no order`,
        },
      ];
    });
  },
};
