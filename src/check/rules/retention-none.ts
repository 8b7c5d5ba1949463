import { retentionOf, streamsOf } from "../streams.ts";
import type { StaticRule } from "../rule.ts";

/** Streams that grow for ever. */
export const retentionNone: StaticRule = {
  scope: "static",
  code: "CHECK_RETENTION_NONE",
  severity: "info",
  title: "stream without retention",
  rationale: "What all groups have acked stays in the stream until something trims it. Redis keeps streams in memory.",
  fix: "Set `retention_hours` or `retention_maxlen` in `[server]` or `[server.streams.NAME]`: what a group has not acked is never trimmed.",
  run({ model, config, isProduction }) {
    if (!isProduction) return [];
    return streamsOf(model).flatMap((stream) => {
      const { maxLength, hours } = retentionOf(config, stream);
      return maxLength === 0 && hours === 0 ? [{ on: stream, message: `the stream "${stream}" is never trimmed` }] : [];
    });
  },
};
