import { liveRule } from "../live/live-rule.ts";

/** Dead letters that should have been looked at before. */
export const deadLettersDepth = liveRule(
  {
    code: "CHECK_DEAD_LETTERS_DEPTH",
    severity: "warning",
    title: "dead letters at their alert threshold",
    rationale: "Something fails already. A release on top makes it harder to say what.",
    fix: "`engine dlq stats` groups them by error; replay or purge them first.",
  },
  (report) =>
    report.subscriptions
      .filter(({ dlqDepth, dlqAlertThreshold }) => dlqDepth >= dlqAlertThreshold)
      .map(({ name, dlqDepth, dlqAlertThreshold }) => ({
        on: name,
        message: `${name} has ${dlqDepth} dead letters; the threshold is ${dlqAlertThreshold}`,
      })),
);
