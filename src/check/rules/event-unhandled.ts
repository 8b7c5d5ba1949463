import type { StaticRule } from "../rule.ts";

/** An event that an aggregate declares and no handler takes. */
export const eventUnhandled: StaticRule = {
  scope: "static",
  code: "CHECK_EVENT_UNHANDLED",
  severity: "warning",
  title: "event without a handler",
  rationale:
    "Either a handler was forgotten, or it sits on another stream and never sees the event. What is published is then acked by everybody and acted on by nobody.",
  fix: "Handle the event on its stream; or take it off the aggregate; or, when another application reads it, suppress the finding with that as the reason.",
  run({ model }) {
    return model.aggregates.flatMap((aggregate) =>
      aggregate.events
        .filter(
          ({ eventType }) =>
            !model.subscriptions.some(({ stream, routes }) => stream === aggregate.category && routes.has(eventType)),
        )
        .map(({ eventType }) => ({
          on: eventType,
          message: `no handler on the stream "${aggregate.category}" takes ${eventType} of aggregate ${aggregate.name}`,
        })),
    );
  },
};
