import { streamsOf } from "../streams.ts";
import type { Observation, StaticRule } from "../rule.ts";

/** Sections that are accepted and do nothing. */
export const sectionUnused: StaticRule = {
  scope: "static",
  code: "CHECK_SECTION_UNUSED",
  severity: "warning",
  title: "configuration that has no effect",
  rationale: "Whoever wrote it believes that it does something: that a database is used, that a stream is trimmed.",
  fix: "Remove the section, or correct its name.",
  run({ config, model, placeOf }) {
    const observe = (key: string, why: string): Observation => ({
      on: key,
      message: `[${key}] ${why}`,
      place: placeOf(key),
    });
    const streams = streamsOf(model);
    const unserved = "is checked, and not served by this version";
    return [
      ...Object.keys(config.databases).map((name) => observe(`databases.${name}`, unserved)),
      ...Object.keys(config.caches).map((name) => observe(`caches.${name}`, unserved)),
      ...(config.eventStore === null
        ? []
        : [{ ...observe("event_store", unserved), place: placeOf("event_store.database") }]),
      ...Object.keys(config.brokers)
        .filter((name) => name !== "default")
        .map((name) => observe(`brokers.${name}`, "is not used: everything goes through [brokers.default]")),
      ...Object.keys(config.server.streams)
        .filter((stream) => !streams.includes(stream))
        .map((stream) =>
          observe(`server.streams.${stream}`, `matches no stream that a handler of ${model.name} reads`),
        ),
    ];
  },
};
