import type { StaticRule } from "../rule.ts";

/** A handler for a type that no aggregate of its stream declares. */
export const handlerUnknownEvent: StaticRule = {
  scope: "static",
  code: "CHECK_HANDLER_UNKNOWN_EVENT",
  severity: "warning",
  title: "handler for an event that its aggregate does not declare",
  rationale:
    "The stream belongs to an aggregate of this domain, and the aggregate does not list the event: publishing it fails with ENGINE_PUBLISH_NO_STREAM, or nobody publishes it at all.",
  fix: "List the event in the aggregate's `events`, or take the method out.",
  run({ model }) {
    const owners = new Map(model.aggregates.map(({ category, name }) => [category, name]));
    return model.subscriptions.flatMap(({ handlerName, kind, stream, routes }) => {
      const owner = owners.get(stream);
      if (owner === undefined || kind === "subscriber") return [];
      return [...routes.keys()]
        .filter((type) => !model.homes.has(type))
        .map((type) => ({
          on: handlerName,
          message: `${handlerName} handles ${type}, which aggregate ${owner} (stream "${stream}") does not declare`,
        }));
    });
  },
};
