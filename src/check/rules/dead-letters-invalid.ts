import { liveRule } from "../live/live-rule.ts";
import { describeMisfits } from "../live/describe.ts";

/** Dead letters that cannot be replayed into this build. */
export const deadLettersInvalid = liveRule(
  {
    code: "CHECK_DEAD_LETTERS_INVALID",
    severity: "warning",
    title: "dead letters do not fit this build's schemas",
    rationale:
      "They failed for another reason and could be replayed so far. With this build's schemas, replaying them makes them `invalid_message`.",
    fix: "Replay them before the release, or let the schema accept their form.",
  },
  (report) =>
    report.subscriptions.flatMap(({ name, inFlight }) =>
      inFlight.flatMap((place) =>
        place.where === "dead_letters"
          ? describeMisfits(place, "invalid").map((message) => ({ on: name, message: `${name}: ${message}` }))
          : [],
      ),
    ),
);
