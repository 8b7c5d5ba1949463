import { liveRule } from "../live/live-rule.ts";

const TOLERANCE_MS = 5 * 60_000;

/** Ids from the future. */
export const streamFutureIds = liveRule(
  {
    code: "CHECK_STREAM_FUTURE_IDS",
    severity: "error",
    title: "stream with an id from the future",
    rationale:
      "Ids only grow: after one that lies ahead, all further entries continue above it. Their age is wrong, retention by age never trims them, and at the highest possible id nothing can be appended any more.",
    fix: "Find the producer that sets ids itself, and make it use `*`. To mend the stream: drain it, then let it be made anew.",
  },
  (report) =>
    report.streams.flatMap(({ stream, facts }) => {
      if (facts.kind !== "stream") return [];
      const ms = BigInt(facts.lastGeneratedId.split("-")[0] ?? "0");
      if (ms <= BigInt(Math.floor(report.serverTimeMs) + TOLERANCE_MS)) return [];
      return [
        { on: stream, message: `the last id of "${stream}" is ${facts.lastGeneratedId}, ahead of the server's clock` },
      ];
    }),
);
