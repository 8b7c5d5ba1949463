import { liveRule } from "../live/live-rule.ts";

/** Dead letters whose handler is gone. */
export const deadLettersOrphaned = liveRule(
  {
    code: "CHECK_DEAD_LETTERS_ORPHANED",
    severity: "warning",
    title: "dead letters without a handler",
    rationale: "Nobody trims them, nobody alerts, and they can be replayed to nobody.",
    fix: "`engine dlq list --stream=… --subscription=…` shows them, `engine dlq purge` removes them.",
  },
  (report) =>
    report.streams.flatMap(({ stream, orphanedLetters }) =>
      (orphanedLetters ?? []).map(({ subscription, depth }) => ({
        on: subscription,
        message: `${depth} dead letters of ${subscription} on "${stream}" belong to no handler`,
      })),
    ),
);
