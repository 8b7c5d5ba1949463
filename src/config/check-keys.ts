/** Rows of the configuration table for `engine check`: see schema.ts. */
import type { KeySpec } from "./key-spec.ts";

export const CHECK_KEYS: readonly KeySpec[] = [
  {
    path: "check.suppress",
    type: "tables",
    default: [],
    fields: [
      { name: "code", isRequired: true },
      { name: "on", isRequired: false },
      { name: "reason", isRequired: true },
    ],
    doc: 'Findings of `engine check` that are accepted, each with the reason: `[{ code = "CHECK_…", on = "AuditHandler", reason = "…" }]`. `on` is what the finding names: a handler, an event, a stream, a key; without it, every finding of the code.',
  },
  {
    path: "check.rules",
    type: "strings",
    default: [],
    doc: 'Modules with rules of your own for `engine check`: `["./checks/my-rule.js"]`, relative to this file\'s folder and inside it.',
  },
];
