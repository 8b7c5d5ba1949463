import { liveRule } from "../live/live-rule.ts";
import { describeMisfits } from "../live/describe.ts";

/** What this release would ack without a look. */
export const inFlightUnhandled = liveRule(
  {
    code: "CHECK_IN_FLIGHT_UNHANDLED",
    severity: "warning",
    title: "messages in flight have no handler in this build",
    rationale:
      "A type without a method is acked and counted, never an error. So what the last build handled and this one does not is gone without a word: pending, replayed and dead messages of such a type, and undelivered ones that no handler of the stream takes.",
    fix: "Keep the method until they have drained; or suppress this when they are of no use any more.",
  },
  (report) =>
    report.subscriptions.flatMap(({ name, inFlight }) =>
      inFlight.flatMap((place) =>
        describeMisfits(place, "unhandled").map((message) => ({ on: name, message: `${name}: ${message}` })),
      ),
    ),
);
