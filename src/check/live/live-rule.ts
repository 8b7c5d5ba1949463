import type { LiveContext, LiveRule, Observation, RuleDescription } from "../rule.ts";
import type { BrokerReport } from "./facts.ts";

/** A rule about a server that answered; about one that did not it has nothing to say. */
export function liveRule(
  description: RuleDescription,
  judge: (report: BrokerReport, context: LiveContext) => readonly Observation[],
): LiveRule {
  return {
    ...description,
    scope: "live",
    run: (context) => (context.live.kind === "reached" ? judge(context.live, context) : []),
  };
}

/** What a finding about the server itself is about. */
export function serverOf({ broker }: BrokerReport): string {
  return `brokers.${broker}`;
}
