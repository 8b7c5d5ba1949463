import type { StaticRule } from "../rule.ts";

/** A line per message, or none at all. */
export const logLevelDebug: StaticRule = {
  scope: "static",
  code: "CHECK_LOG_LEVEL",
  severity: "info",
  title: "log level that says too much or nothing in production",
  rationale:
    "At `debug` and below there are lines for every message: they cost more than handling it. At `silent` and `fatal` nobody learns of a failure.",
  fix: 'Set `logging.level = "info"` (or `warn`).',
  run({ config, isProduction, placeOf }) {
    const { level } = config.logging;
    if (!isProduction || ["info", "warn", "error"].includes(level)) return [];
    return [{ on: "logging.level", message: `logging.level is ${level}`, place: placeOf("logging.level") }];
  },
};
