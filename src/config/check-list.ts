/** Values that are lists: of text, or of tables whose fields are text. */
import type { CheckResult, CheckedSpec } from "./check-value.ts";
import { nearestName } from "./nearest.ts";

type TextTable = Readonly<Record<string, string>>;

/** A list of text. */
export function checkStrings(raw: unknown): CheckResult {
  if (!Array.isArray(raw)) return fault("must be an array of strings");
  const items: readonly unknown[] = raw;
  const wrong = items.findIndex((item) => typeof item !== "string" || item.trim() === "");
  if (wrong >= 0) return fault(`must be an array of strings that are not empty; number ${wrong + 1} is not`);
  return { kind: "ok", value: items as readonly string[] };
}

/** A list of tables: `[{ code = "…", reason = "…" }]`, or `[[check.suppress]]`. */
export function checkTables(spec: CheckedSpec, raw: unknown): CheckResult {
  if (!Array.isArray(raw)) return fault("must be an array of tables");
  const tables: TextTable[] = [];
  for (const [index, item] of (raw as readonly unknown[]).entries()) {
    const result = checkTable(spec, item);
    if (typeof result === "string") return fault(`number ${index + 1} ${result}`);
    if (result.kind === "fault") return { ...result, message: `number ${index + 1}: ${result.message}` };
    tables.push(result.value);
  }
  return { kind: "ok", value: tables };
}

type TableResult = { readonly kind: "ok"; readonly value: TextTable } | Extract<CheckResult, { kind: "fault" }>;

function checkTable({ fields = [] }: CheckedSpec, item: unknown): TableResult | string {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return "is not a table";
  const known = fields.map(({ name }) => name);
  for (const [name, value] of Object.entries(item) as [string, unknown][]) {
    if (!known.includes(name)) {
      return { kind: "fault", message: `unknown field ${JSON.stringify(name)}`, nearest: nearestName(name, known) };
    }
    if (typeof value !== "string" || value.trim() === "") return `has ${name} that is not text, or empty`;
  }
  const missing = fields.find(({ name, isRequired }) => isRequired && !Object.hasOwn(item, name));
  if (missing !== undefined) return `has no ${missing.name}, which is required`;
  return { kind: "ok", value: item as TextTable };
}

function fault(message: string): Extract<CheckResult, { kind: "fault" }> {
  return { kind: "fault", message, nearest: null };
}
