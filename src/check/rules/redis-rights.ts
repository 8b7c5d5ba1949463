import { liveRule, serverOf } from "../live/live-rule.ts";

const MOST_LISTED = 12;

/** A user that may not do what the engine does. */
export const redisRights = liveRule(
  {
    code: "CHECK_REDIS_RIGHTS",
    severity: "error",
    title: "the server's user lacks rights",
    rationale:
      "A right that is missing shows when it is first needed: dead-lettering or trimming, long after the release looked fine.",
    fix: "Grant the commands and keys the finding lists. For the check to ask in advance, the user needs `+acl|whoami +acl|dryrun`.",
  },
  (report) => {
    const { denied, source, user } = report.rights;
    const on = serverOf(report);
    const more = denied.length > MOST_LISTED ? `, and ${denied.length - MOST_LISTED} more` : "";
    const listed = denied.slice(0, MOST_LISTED).join(", ");
    if (denied.length > 0) return [{ on, message: `user ${user ?? "(unknown)"} may not: ${listed}${more}` }];
    if (source !== "unknown") return [];
    return [
      {
        on,
        severity: "info" as const,
        message: "the user's rights could not be found out: the server does not let it ask",
      },
    ];
  },
);
