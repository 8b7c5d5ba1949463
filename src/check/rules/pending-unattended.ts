import { liveRule } from "../live/live-rule.ts";

/** A living consumer asks for something many times within it. */
const SILENT_MS = 2 * 60_000;

/** Messages that were delivered to consumers that are gone. */
export const pendingUnattended = liveRule(
  {
    code: "CHECK_PENDING_UNATTENDED",
    severity: "warning",
    title: "pending messages and no living consumer",
    rationale:
      "They are handled once a process runs again: after a release that stopped the old ones, at once; when nobody was meant to be stopped, the engine is down.",
    fix: "Look whether the engine runs. Before a start after a longer pause, this is to be expected.",
  },
  (report) =>
    report.subscriptions.flatMap(({ name, stream, group }) => {
      if (group === null || group.pending === 0) return [];
      if (group.consumers.some(({ idleMs }) => idleMs < SILENT_MS)) return [];
      return [
        {
          on: name,
          message: `${group.pending} messages of "${stream}" are pending, and no consumer of ${name} has been heard of for 2 min`,
        },
      ];
    }),
);
