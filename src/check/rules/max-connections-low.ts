import type { StaticRule } from "../rule.ts";

/** One for commands, beside the blocking ones. */
const COMMAND_CONNECTIONS = 1;

/** The engine would refuse to start. */
export const maxConnectionsLow: StaticRule = {
  scope: "static",
  code: "CHECK_MAX_CONNECTIONS_LOW",
  severity: "error",
  title: "max_connections is too low for the subscriptions",
  rationale:
    "Every subscription reads on a connection of its own, which blocks; everything else shares one more. With fewer the engine does not start.",
  fix: "Raise `max_connections` of `[brokers.default]` to the number of subscriptions and one, at least.",
  run({ config, model, placeOf }) {
    const broker = config.brokers["default"];
    const needed = model.subscriptions.length + COMMAND_CONNECTIONS;
    if (broker === undefined || broker.provider === "memory" || broker.maxConnections >= needed) return [];
    const key = "brokers.default.max_connections";
    return [
      {
        on: key,
        message: `${key} is ${broker.maxConnections}; ${model.subscriptions.length} subscriptions need ${needed}`,
        place: placeOf(key),
      },
    ];
  },
};
