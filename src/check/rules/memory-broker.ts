import type { StaticRule } from "../rule.ts";

/** Messages that end with the process. */
export const memoryBroker: StaticRule = {
  scope: "static",
  code: "CHECK_MEMORY_BROKER",
  severity: "error",
  title: "the embedded broker in production",
  rationale: "It lives inside one process: no other process sees its messages, and all of them are lost at its end.",
  fix: 'Set `[brokers.default]` to `provider = "redis"` with a `URI`.',
  run({ config, isProduction, placeOf }) {
    if (!isProduction) return [];
    return Object.entries(config.brokers)
      .filter(([, { provider }]) => provider === "memory")
      .map(([name]) => {
        const key = `brokers.${name}.provider`;
        return { on: key, message: `[brokers.${name}] is the embedded memory broker`, place: placeOf(key) };
      });
  },
};
