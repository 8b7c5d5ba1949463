import type { StaticRule } from "../rule.ts";

/** Names that differ in nothing but case. */
export const nameCase: StaticRule = {
  scope: "static",
  code: "CHECK_NAME_CASE",
  severity: "warning",
  title: "names that differ only in case",
  rationale:
    "Types, streams and consumer groups are told apart by case; people are not so careful, and neither are dashboards and file systems. One of the two is usually a misspelling.",
  fix: "Use one spelling, or names that differ in more.",
  run({ model }) {
    const names = {
      "event types": [...model.events.keys(), ...model.subscriptions.flatMap(({ routes }) => [...routes.keys()])],
      subscriptions: model.subscriptions.map(({ name }) => name),
      streams: [
        ...model.aggregates.map(({ category }) => category),
        ...model.subscriptions.map(({ stream }) => stream),
      ],
      aggregates: model.aggregates.map(({ name }) => name),
    };
    return Object.entries(names).flatMap(([what, all]) =>
      [...Map.groupBy(new Set(all), (name) => name.toLowerCase()).values()]
        .filter((alike) => alike.length > 1)
        .map((alike) => ({ on: alike[0] ?? "", message: `the ${what} ${alike.join(", ")} differ only in case` })),
    );
  },
};
