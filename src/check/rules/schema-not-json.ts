import { nonJsonProperties } from "../schema-shape.ts";
import type { StaticRule } from "../rule.ts";

/** A schema that JSON cannot satisfy. */
export const schemaNotJson: StaticRule = {
  scope: "static",
  code: "CHECK_SCHEMA_NOT_JSON",
  severity: "error",
  title: "schema that no JSON fits",
  rationale:
    "Events travel as JSON and are validated again on arrival. A Date comes back as text, a Map as {}, a bigint not at all: every message is dead-lettered as invalid.",
  fix: "Describe what travels: text for dates (zod: `z.iso.datetime()`, or `z.coerce.date()`), text for big numbers, arrays for sets and maps.",
  run({ model }) {
    return [...model.events].flatMap(([type, { schema }]) =>
      nonJsonProperties(schema).map(({ path, kind }) => ({
        on: type,
        message: `${type}: ${path === "" ? "the schema" : `"${path}"`} is a ${kind}, which JSON has not`,
      })),
    );
  },
};
