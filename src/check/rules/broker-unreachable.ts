import type { LiveRule } from "../rule.ts";

/** A server that cannot be asked. */
export const brokerUnreachable: LiveRule = {
  scope: "live",
  code: "CHECK_BROKER_UNREACHABLE",
  severity: "error",
  title: "the broker cannot be reached, or asked",
  rationale: "What is released now would wait for it, and give up after `server.start_timeout_seconds`.",
  fix: "Check address, port, TLS and credentials in the broker's URI, and the network between here and there.",
  run({ live, placeOf }) {
    if (live.kind === "reached") return [];
    const on = `brokers.${live.broker}`;
    return [{ on, message: `[${on}]: ${live.reason}`, place: placeOf(`${on}.URI`) }];
  },
};
