/** One value against one row of the table. */
import { checkStrings, checkTables } from "./check-list.ts";
import type { KeySpec, KeyValue } from "./key-spec.ts";
import { nearestName } from "./nearest.ts";

export type CheckResult =
  | { readonly kind: "ok"; readonly value: KeyValue }
  | { readonly kind: "fault"; readonly message: string; readonly nearest: string | null };

export type CheckedSpec = Omit<KeySpec, "path" | "default" | "doc">;

/**
 * The value as its key wants it. `isSubstituted`: it is text that came, in whole or in part, from a variable; such
 * text is coerced to the key's type, and never quoted in a message.
 */
export function checkValue(spec: CheckedSpec, raw: unknown, isSubstituted = false): CheckResult {
  const value = isSubstituted && typeof raw === "string" ? coerce(spec, raw.trim()) : raw;
  switch (spec.type) {
    case "boolean":
      return typeof value === "boolean" ? { kind: "ok", value } : wrongType("a boolean", value, isSubstituted);
    case "integer":
    case "number":
      return checkNumber(spec, value, isSubstituted);
    case "string":
    case "profile":
      return checkString(spec, value, isSubstituted);
    case "strings":
      return checkStrings(value);
    case "tables":
      return checkTables(spec, value);
  }
}

const INTEGER = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

function coerce(spec: CheckedSpec, text: string): KeyValue {
  if (spec.type === "boolean" && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === "true";
  if (spec.type === "integer" && INTEGER.test(text)) return Number(text);
  if (spec.type === "number" && NUMBER.test(text)) return Number(text);
  return text;
}

function checkNumber(spec: CheckedSpec, value: unknown, isSubstituted: boolean): CheckResult {
  const article = spec.type === "integer" ? "an integer" : "a number";
  if (typeof value === "bigint") return fault(`is too large for ${article}`);
  if (typeof value !== "number") return wrongType(article, value, isSubstituted);
  if (!Number.isFinite(value)) return fault("must be a finite number");
  if (spec.type === "integer" && !Number.isSafeInteger(value)) return fault("must be a whole number");
  const { min = -Infinity, max = Infinity, isMinExcluded = false } = spec;
  if (value < min || value > max || (isMinExcluded && value === min)) {
    const found = isSubstituted ? "" : `, is ${value}`;
    return fault(`must be ${describeRange(spec)}${found}`);
  }
  return { kind: "ok", value };
}

/** `between 1 and 10000`, `above 0`, `at least 0`; null without a range. */
export function describeRange(spec: CheckedSpec): string | null {
  const { min, max, isMinExcluded = false } = spec;
  if (min === undefined) return max === undefined ? null : `at most ${max}`;
  if (isMinExcluded) return max === undefined ? `above ${min}` : `above ${min} and at most ${max}`;
  return max === undefined ? `at least ${min}` : `between ${min} and ${max}`;
}

function checkString(spec: CheckedSpec, value: unknown, isSubstituted: boolean): CheckResult {
  if (typeof value !== "string") return wrongType("a string", value, isSubstituted);
  if (value.trim() === "") return fault("must not be empty");
  if (spec.choices !== undefined && !spec.choices.includes(value)) {
    const choices = spec.choices.join(", ");
    const isQuotable = !isSubstituted && spec.isSecret !== true;
    const message = `${isQuotable ? JSON.stringify(value) : "its value"} is not one of ${choices}`;
    return { kind: "fault", message, nearest: nearestName(value, spec.choices) };
  }
  if (spec.pattern !== undefined && !spec.pattern.regexp.test(value)) return fault(spec.pattern.says);
  return { kind: "ok", value: spec.type === "profile" ? value.toLowerCase() : value };
}

function wrongType(wanted: string, value: unknown, isSubstituted: boolean): CheckResult {
  const found = isSubstituted ? "text that is none (from a variable)" : describeType(value);
  return fault(`must be ${wanted}, is ${found}`);
}

/** The TOML word for a value's type. */
export function describeType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (value instanceof Date) return "a date";
  switch (typeof value) {
    case "string":
      return "a string";
    case "number":
      return Number.isInteger(value) ? "an integer" : "a number";
    case "bigint":
      return "an integer";
    case "boolean":
      return "a boolean";
    case "object":
      return "a table";
    default:
      return `a ${typeof value}`;
  }
}

function fault(message: string): CheckResult {
  return { kind: "fault", message, nearest: null };
}
