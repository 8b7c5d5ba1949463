import { liveRule } from "../live/live-rule.ts";
import { describeMisfits } from "../live/describe.ts";

/** What this release would dead-letter. */
export const inFlightInvalid = liveRule(
  {
    code: "CHECK_IN_FLIGHT_INVALID",
    severity: "error",
    title: "messages in flight do not fit this build's schemas",
    rationale:
      "They were written for an older schema, or never were good. This build would dead-letter each of them as `invalid_message` the moment it arrives.",
    fix: "Make the new schema accept the old form (a default, an optional property, a union), release, and tighten it once they have drained.",
  },
  (report) =>
    report.subscriptions.flatMap(({ name, inFlight }) =>
      inFlight.flatMap((place) =>
        place.where === "dead_letters"
          ? []
          : describeMisfits(place, "invalid").map((message) => ({ on: name, message: `${name}: ${message}` })),
      ),
    ),
);
