import type { StaticRule } from "../rule.ts";

/** Two aggregates of one name, or on one stream. */
export const aggregateTwice: StaticRule = {
  scope: "static",
  code: "CHECK_AGGREGATE_TWICE",
  severity: "warning",
  title: "two aggregates share a name or a stream",
  rationale:
    "Aggregates on one stream see each other's events as unhandled ones, share retention and lag, and their keys may collide: messages of equal keys wait for each other.",
  fix: "Give each aggregate a `category` of its own, or declare one aggregate with all the events.",
  run({ model }) {
    const shared = (of: "name" | "category"): string[][] =>
      [...Map.groupBy(model.aggregates, (aggregate) => aggregate[of]).entries()]
        .filter(([, alike]) => alike.length > 1)
        .map(([value, alike]) => [value, alike.map(({ name, category }) => `${name} on "${category}"`).join(", ")]);
    return [
      ...shared("name").map(([name = "", all]) => ({ on: name, message: `two aggregates are called ${name}: ${all}` })),
      ...shared("category").map(([stream = "", all]) => ({ on: stream, message: `aggregates share a stream: ${all}` })),
    ];
  },
};
