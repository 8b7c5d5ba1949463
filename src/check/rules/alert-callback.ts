import type { StaticRule } from "../rule.ts";

/** The engine would refuse to start. */
export const alertCallback: StaticRule = {
  scope: "static",
  code: "CHECK_ALERT_CALLBACK",
  severity: "error",
  title: "the alert callback cannot be loaded",
  rationale: "The engine loads it at start and does not start without it.",
  fix: "Name a module below the configuration file's folder and a function it exports: `./alerts.js#onDlqAlert`. In production, the compiled file.",
  run({ callbackFault, placeOf }) {
    const key = "server.dlq.alert_callback";
    return callbackFault === null ? [] : [{ on: key, message: callbackFault, place: placeOf(key) }];
  },
};
