import type { StaticRule } from "../rule.ts";

/** An aggregate that declares nothing. */
export const aggregateNoEvents: StaticRule = {
  scope: "static",
  code: "CHECK_AGGREGATE_NO_EVENTS",
  severity: "info",
  title: "aggregate without events",
  rationale:
    "Publishing finds an event's stream through the aggregate that lists it. One that lists none gives its name to a stream and nothing else.",
  fix: 'List its events: `domain.aggregate("Order", { events: [OrderPlaced] })`. For a stream of another application, use `stream:` in the handler.',
  run({ model }) {
    return model.aggregates
      .filter(({ events }) => events.length === 0)
      .map(({ name, category }) => ({ on: name, message: `aggregate ${name} (stream "${category}") lists no events` }));
  },
};
