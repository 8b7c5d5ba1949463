/**
 * What can be told of a schema without validating anything: zod 4 and valibot show their structure; of other validators
 * nothing is known, and nothing is claimed.
 */
import type { EventSchema } from "../domain/elements.ts";

export interface PropertyShape {
  /** It may be left out, and is then missing from the validated event. */
  readonly isOptional: boolean;
}

export interface NonJson {
  /** Dotted; empty: the schema itself. */
  readonly path: string;
  /** `date`, `bigint`, … */
  readonly kind: string;
}

type Node = Readonly<Record<string, unknown>>;

const NON_JSON = new Set(["date", "bigint", "map", "set", "symbol", "function", "promise", "file", "blob", "nan"]);
const MAX_DEPTH = 12;

/** The properties of an object schema; null when they are unknown, or when it lets others through. */
export function propertiesOf(schema: EventSchema | undefined): ReadonlyMap<string, PropertyShape> | null {
  const shape = schema === undefined ? null : shapeOf(schema as unknown as Node);
  if (shape === null) return null;
  return new Map(Object.entries(shape).map(([name, property]) => [name, { isOptional: isOptional(property) }]));
}

function shapeOf(schema: Node): Node | null {
  const { type, entries } = schema;
  // Valibot: `entries`; only plain and strict objects are closed.
  if ((type === "object" || type === "strict_object") && isNode(entries)) return entries;
  const definition = definitionOf(schema);
  if (definition?.["type"] !== "object" || !isClosed(definition["catchall"])) return null;
  return isNode(schema["shape"]) ? schema["shape"] : null;
}

/** Zod: no catchall, or one that lets nothing pass. */
function isClosed(catchall: unknown): boolean {
  return !isNode(catchall) || definitionOf(catchall)?.["type"] === "never";
}

function isOptional(property: unknown): boolean {
  const standard = isNode(property) ? property["~standard"] : undefined;
  if (!isNode(standard) || typeof standard["validate"] !== "function") return false;
  try {
    const result: unknown = standard["validate"](undefined);
    return (
      isNode(result) && result["issues"] === undefined && result["value"] === undefined && !(result instanceof Promise)
    );
  } catch {
    // A refinement of the application's own that expects a value: then a value is needed.
    return false;
  }
}

/** Parts of the schema's input that JSON cannot express. */
export function nonJsonProperties(schema: EventSchema): readonly NonJson[] {
  return inspect(schema, "", 0);
}

function inspect(schema: unknown, path: string, depth: number): readonly NonJson[] {
  if (!isNode(schema) || depth > MAX_DEPTH) return [];
  const definition = definitionOf(schema) ?? schema;
  const kind = String(definition["type"]);
  // `z.coerce.date()` takes text.
  if (NON_JSON.has(kind)) return definition["coerce"] === true ? [] : [{ path, kind }];
  const below = (part: unknown, name = ""): readonly NonJson[] => inspect(part, join(path, name), depth + 1);
  const shape = schema["shape"] ?? schema["entries"];
  if (isNode(shape)) return Object.entries(shape).flatMap(([name, part]) => below(part, name));
  const options = definition["options"];
  if (Array.isArray(options)) return inspectUnion(options.map((option) => below(option)));
  // What a pipe or codec takes is its beginning; wrappers hold one schema inside.
  const inner = definition["in"] ?? definition["innerType"] ?? definition["wrapped"] ?? firstOf(schema["pipe"]);
  if (isNode(inner) && inner !== schema) return below(inner);
  const items = definition["element"] ?? definition["item"] ?? definition["valueType"];
  return items === undefined ? [] : below(items, "[]");
}

/** A union is fine when one of its members is. */
function inspectUnion(members: readonly (readonly NonJson[])[]): readonly NonJson[] {
  return members.some((faults) => faults.length === 0) ? [] : (members[0] ?? []);
}

/** Valibot's `pipe(first, …)` is a schema with a list; the schema itself comes first. */
function firstOf(pipe: unknown): unknown {
  return Array.isArray(pipe) ? (pipe as readonly unknown[])[0] : undefined;
}

function definitionOf(schema: Node): Node | null {
  const internals = schema["_zod"];
  const definition = isNode(internals) ? internals["def"] : undefined;
  return isNode(definition) ? definition : null;
}

function join(path: string, name: string): string {
  if (name === "") return path;
  return path === "" ? name : `${path}.${name}`;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
