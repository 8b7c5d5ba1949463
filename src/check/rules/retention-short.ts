import { retentionOf, streamsOf } from "../streams.ts";
import type { StaticRule } from "../rule.ts";

/** History that ends before the dead letters do. */
export const retentionShort: StaticRule = {
  scope: "static",
  code: "CHECK_RETENTION_SHORT",
  severity: "warning",
  title: "stream is trimmed sooner than its dead letters",
  rationale:
    "A dead letter keeps its own bytes, so replaying works. But what came before and after it is gone when somebody has to find out why; and a handler that is added later starts with a history shorter than what may still be replayed into it.",
  fix: "Keep the stream (`retention_hours`) at least as long as the dead letters of its handlers (`dlq_retention_hours`).",
  run({ model, config, subscriptions, placeOf }) {
    return streamsOf(model).flatMap((stream) => {
      const { hours } = retentionOf(config, stream);
      const longest = Math.max(
        0,
        ...subscriptions
          .filter((each) => each.model.stream === stream)
          .map(({ resolved }) => resolved.settings.dlqRetentionHours),
      );
      if (hours === 0 || hours >= longest) return [];
      const place = placeOf(`server.streams.${stream}.retention_hours`) ?? placeOf("server.retention_hours");
      return [{ on: stream, message: `"${stream}" keeps ${hours} h, its dead letters ${longest} h`, place }];
    });
  },
};
