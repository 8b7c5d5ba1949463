/** The shape of the configuration table's rows, and the tree that the rows' paths span. */
import type { KeyPath } from "./faults.ts";

export type KeyValue = string | number | boolean | readonly string[] | readonly Readonly<Record<string, string>>[];

export type KeyType =
  | "string"
  | "integer"
  | "number"
  | "boolean"
  /** The name of a subscription profile; its case does not count. */
  | "profile"
  /** An array of strings. */
  | "strings"
  /** An array of tables with text in the fields that `fields` lists. */
  | "tables";

export interface KeySpec {
  /** Dotted; `*` stands for a name of the user's choice. */
  readonly path: string;
  readonly type: KeyType;
  /** Null: none. The key's setting is then null, or absent. */
  readonly default: KeyValue | null;
  readonly unit?: string;
  readonly min?: number;
  /** `min` itself is not allowed. */
  readonly isMinExcluded?: boolean;
  readonly max?: number;
  readonly choices?: readonly string[];
  /** What a string must match, and how to say so. */
  readonly pattern?: { readonly regexp: RegExp; readonly says: string };
  /** Of type `tables`: what each may and must have. */
  readonly fields?: readonly { readonly name: string; readonly isRequired: boolean }[];
  /** Its table is of no use without it. */
  readonly isRequired?: boolean;
  /** A URL that may carry a password: shown redacted, never quoted in an error. */
  readonly isSecret?: boolean;
  /** A sentence for `config explain` and the reference page. */
  readonly doc: string;
}

export type SchemaNode =
  | { readonly kind: "key"; readonly spec: KeySpec }
  | { readonly kind: "table"; readonly children: ReadonlyMap<string, SchemaNode> }
  /** Tables named by the user, all of one shape. */
  | { readonly kind: "named"; readonly child: SchemaTable };

export type SchemaTable = Extract<SchemaNode, { kind: "table" }>;

/** `messages_per_tick` → `messagesPerTick`, `URI` → `uri`: the name of a key in code. */
export function settingName(key: string): string {
  return key.toLowerCase().replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The tree of all paths in `specs`. */
export function buildSchemaTree(specs: readonly KeySpec[]): SchemaTable {
  return buildTable(specs.map((spec) => ({ spec, rest: spec.path.split(".") })));
}

interface PendingSpec {
  readonly spec: KeySpec;
  readonly rest: KeyPath;
}

function buildTable(pending: readonly PendingSpec[]): SchemaTable {
  const children = new Map<string, SchemaNode>();
  for (const [name, group] of Map.groupBy(pending, ({ rest }) => rest[0] ?? "")) {
    children.set(name, buildNode(group));
  }
  return { kind: "table", children };
}

function buildNode(group: readonly PendingSpec[]): SchemaNode {
  const leaf = group.find(({ rest }) => rest.length === 1);
  if (leaf !== undefined) return { kind: "key", spec: leaf.spec };
  const below = group.map(({ spec, rest }) => ({ spec, rest: rest.slice(1) }));
  if (below[0]?.rest[0] !== "*") return buildTable(below);
  return { kind: "named", child: buildTable(below.map(({ spec, rest }) => ({ spec, rest: rest.slice(1) }))) };
}

/** A value as text; a list as JSON. */
export function textOfValue(value: KeyValue): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
