import { liveRule } from "../live/live-rule.ts";

/** A group whose handler is gone. */
export const groupOrphaned = liveRule(
  {
    code: "CHECK_GROUP_ORPHANED",
    severity: "warning",
    title: "consumer group without a handler",
    rationale:
      "A group of this domain whose handler was removed or renamed: what is pending in it is handled by nobody, and because trimming spares what a group has not acked, the stream grows for ever. A handler that was renamed starts over in a new group.",
    fix: "Renamed: give the handler its old name with the `name` option. Removed: once nothing of it is needed any more, `XGROUP DESTROY stream group` with redis-cli.",
  },
  (report) =>
    report.streams.flatMap(({ stream, orphans }) =>
      orphans.map(({ name, pending, lag }) => ({
        on: name,
        message: `the group ${name} on "${stream}" belongs to no handler: ${pending} pending, ${lag ?? "an unknown number"} not delivered`,
      })),
    ),
);
