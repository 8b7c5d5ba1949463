import type { SubscriptionModel } from "../../domain/model.ts";
import type { StaticRule } from "../rule.ts";

/** Two handlers where one is meant. */
export const handlerTwice: StaticRule = {
  scope: "static",
  code: "CHECK_HANDLER_TWICE",
  severity: "info",
  title: "two handlers do the same with one event",
  rationale:
    "Every subscription gets every message of its stream. Two of them with the same class name, or with methods of the same name for one event, were probably meant to be one: then every effect happens twice.",
  fix: "Remove one; or, when both are meant, give the methods names that say how they differ.",
  run({ model }) {
    return model.subscriptions.flatMap((one, index) =>
      model.subscriptions.slice(index + 1).flatMap((other) => {
        const doubled = one.stream === other.stream ? sharedRoute(one, other) : null;
        if (doubled === null) return [];
        return [
          { on: one.handlerName, message: `${one.name} and ${other.name} both handle ${doubled} on "${one.stream}"` },
        ];
      }),
    );
  },
};

/** Functions without a class have their event's name for a method: that says nothing. */
function sharedRoute(one: SubscriptionModel, other: SubscriptionModel): string | null {
  for (const { type, method } of one.routes.values()) {
    const twin = other.routes.get(type);
    if (twin === undefined) continue;
    const isSameMethod = twin.method.toLowerCase() === method.toLowerCase() && method !== type;
    if (isSameMethod) return `${type} with a method "${method}"`;
    if (one.handlerName === other.handlerName) return type;
  }
  return null;
}
