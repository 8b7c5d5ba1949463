import { liveRule } from "../live/live-rule.ts";

/** A key that is in the way. */
export const streamWrongType = liveRule(
  {
    code: "CHECK_STREAM_WRONG_TYPE",
    severity: "error",
    title: "a key of the engine's holds something else",
    rationale: "Every read and every write of the stream, its dead letters or histories fails with WRONGTYPE.",
    fix: "Rename the stream (`category`, `stream`), use another database, or remove the key if it is of no use.",
  },
  (report) => [
    ...report.streams.flatMap(({ stream, facts }) =>
      facts.kind === "wrong_type"
        ? [{ on: stream, message: `the key "${stream}" holds a ${facts.type}, not a stream` }]
        : [],
    ),
    ...report.subscriptions.flatMap(({ name, wrongCompanions }) =>
      wrongCompanions.map(({ key, type }) => ({ on: name, message: `the key "${key}" of ${name} holds a ${type}` })),
    ),
  ],
);
