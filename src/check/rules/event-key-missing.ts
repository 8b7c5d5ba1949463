import { propertiesOf } from "../schema-shape.ts";
import type { StaticRule } from "../rule.ts";

/** The property that is an event's key is not in its schema. */
export const eventKeyMissing: StaticRule = {
  scope: "static",
  code: "CHECK_EVENT_KEY_MISSING",
  severity: "error",
  title: "the key property is not in the event's schema",
  rationale:
    "The key is read from the validated event. A property that the schema drops, or that may be left out, makes publishing fail.",
  fix: "Name a required property of the schema as `key`, of the event or of its aggregate; or give `{ key }` whenever it is published.",
  run({ model }) {
    return [...model.homes].flatMap(([type, { key }]) => {
      const properties = propertiesOf(model.events.get(type)?.schema);
      if (key === undefined || properties === null) return [];
      const property = properties.get(key);
      if (property === undefined) {
        const names = [...properties.keys()].join(", ") || "none";
        return [
          {
            on: type,
            message: `the key of ${type} is "${key}", and its schema has no such property (it has ${names})`,
          },
        ];
      }
      const message = `the key of ${type} is "${key}", which may be left out: publishing without it fails`;
      return property.isOptional ? [{ on: type, message, severity: "warning" as const }] : [];
    });
  },
};
