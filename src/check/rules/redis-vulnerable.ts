import { liveRule, serverOf } from "../live/live-rule.ts";
import { vulnerabilitiesOf } from "../live/versions.ts";

/** Versions with holes that are public. */
export const redisVulnerable = liveRule(
  {
    code: "CHECK_REDIS_VULNERABLE",
    severity: "warning",
    title: "server version with a known vulnerability",
    rationale:
      "Whoever may run a script, as the engine's own user must, can break out of it, or bring the server down.",
    fix: "Upgrade to a mended version of the line. Distributions mend versions without raising the number: where yours has, suppress this with its advisory as the reason.",
  },
  (report) => {
    const { product, version } = report.server;
    const holes = vulnerabilitiesOf(report.server).map(({ id, what }) => `${id} (${what})`);
    return holes.length === 0
      ? []
      : [{ on: serverOf(report), message: `${product} ${version} has ${holes.join(", ")}` }];
  },
);
