import { unknownSubscriptionSections } from "../../config/explain.ts";
import type { StaticRule } from "../rule.ts";

/** The engine would refuse to start. */
export const subscriptionSectionUnmatched: StaticRule = {
  scope: "static",
  code: "CHECK_SUBSCRIPTION_SECTION_UNMATCHED",
  severity: "error",
  title: "[server.subscriptions.X] for a handler that is not there",
  rationale: "The engine refuses to start with it: a handler that was renamed would silently lose its settings.",
  fix: "Name a handler class or a subscription of the domain, or remove the section.",
  run({ config, model, placeOf }) {
    const names = model.subscriptions.flatMap(({ handlerName, name }) => [handlerName, name]);
    return unknownSubscriptionSections(config, names).map(({ path, message, nearest }) => ({
      on: path,
      message: `${path}: ${message}${nearest === null ? "" : `; did you mean "${nearest}"?`}`,
      place: placeOf(path),
    }));
  },
};
