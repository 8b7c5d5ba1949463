import type { StaticRule } from "../rule.ts";

/** A handler on one stream for an event that is published to another. */
export const handlerForeignEvent: StaticRule = {
  scope: "static",
  code: "CHECK_HANDLER_FOREIGN_EVENT",
  severity: "warning",
  title: "event is published to another stream than its handler reads",
  rationale:
    "An event goes to the stream of the aggregate that declares it. A handler with another `partOf` or `stream` waits for it for ever, without an error.",
  fix: "Give the handler the `partOf` of the aggregate that declares the event.",
  run({ model }) {
    return model.subscriptions.flatMap(({ handlerName, stream, routes }) =>
      [...routes.keys()].flatMap((type) => {
        const home = model.homes.get(type)?.stream;
        if (home === undefined || home === stream) return [];
        return [
          { on: handlerName, message: `${handlerName} reads "${stream}", and ${type} is published to "${home}"` },
        ];
      }),
    );
  },
};
