/** Tables as written against the table of keys: every fault is collected, every good value kept with its place. */
import { checkValue, describeType } from "./check-value.ts";
import { createFault, createUnknownFault, formatPath, type ConfigFault, type KeyPath, type Origin } from "./faults.ts";
import type { KeySpec, KeyValue, SchemaNode, SchemaTable } from "./key-spec.ts";
import { mergeTables, type SplitConfig } from "./overlays.ts";
import { CONFIG_KEYS, SCHEMA_TREE } from "./schema.ts";
import { substitute, type Variables } from "./substitute.ts";
import { findNode, type RawNode, type RawTable, type RawValue } from "./tree.ts";

export interface CheckedValue {
  readonly value: KeyValue;
  readonly origin: Origin;
}

export interface ValidatedConfig {
  /** What is in force: the base with the active overlay on top. */
  readonly effective: RawTable;
  /** Its values, keyed by path. Those with a fault are missing. */
  readonly values: ReadonlyMap<string, CheckedValue>;
  readonly faults: readonly ConfigFault[];
}

/** `variables`: null leaves `${…}` alone. Overlays of other environments are checked too, but need no variables. */
export function validateConfig(
  split: SplitConfig,
  environment: string | null,
  variables: Variables | null,
): ValidatedConfig {
  const values = new Map<string, CheckedValue>();
  const faults: ConfigFault[] = [];
  const active = environment === null ? undefined : split.overlays.get(environment);
  const isOverlaid = (path: KeyPath): boolean => active !== undefined && findNode(active, path) !== undefined;

  checkTable(split.base, SCHEMA_TREE, {
    path: [],
    prefix: [],
    variables,
    isInForce: (path) => !isOverlaid(path),
    values,
    faults,
  });
  for (const [name, overlay] of split.overlays) {
    const isInForce = (): boolean => overlay === active;
    checkTable(overlay, SCHEMA_TREE, { path: [], prefix: [name], variables, isInForce, values, faults });
  }
  const effective = active === undefined ? split.base : mergeTables(split.base, active);
  faults.push(...findMissing(effective, SCHEMA_TREE, []));
  return { effective, values, faults };
}

interface Visit {
  /** Where in the configuration, without the environment. */
  readonly path: KeyPath;
  /** The environment, for messages. */
  readonly prefix: KeyPath;
  readonly variables: Variables | null;
  readonly isInForce: (path: KeyPath) => boolean;
  readonly values: Map<string, CheckedValue>;
  readonly faults: ConfigFault[];
}

function addFault(visit: Visit, origin: Origin, message: string): void {
  visit.faults.push(createFault([...visit.prefix, ...visit.path], origin, message));
}

function checkTable(table: RawTable, schema: SchemaTable, visit: Visit): void {
  for (const [key, node] of table.entries) {
    const child = schema.children.get(key);
    const below = { ...visit, path: [...visit.path, key] };
    if (child === undefined) visit.faults.push(unknownKey(below, node.origin, [...schema.children.keys()]));
    else checkNode(node, child, below);
  }
}

function checkNode(node: RawNode, schema: SchemaNode, visit: Visit): void {
  if (schema.kind === "key") checkKey(node, schema.spec, visit);
  else if (node.kind === "value") addFault(visit, node.origin, `must be a table, is ${describeType(node.value)}`);
  else if (schema.kind === "table") checkTable(node, schema, visit);
  else checkNamed(node, schema.child, visit);
}

/** What users may call a broker, a profile, a subscription: no blanks, no control characters, no quotes. */
const USER_NAME = /^[\p{L}\p{N}_$.:{}-]{1,200}$/u;

function checkNamed(table: RawTable, schema: SchemaTable, visit: Visit): void {
  for (const [name, node] of table.entries) {
    const below = { ...visit, path: [...visit.path, name] };
    const section = formatPath(visit.path);
    if (name === "__proto__" || !USER_NAME.test(name)) addFault(below, node.origin, "is not a usable name");
    else if (node.kind === "table") checkTable(node, schema, below);
    else addFault(below, node.origin, `must be a table [${section}.NAME], is ${describeType(node.value)}`);
  }
}

function checkKey(node: RawNode, spec: KeySpec, visit: Visit): void {
  if (node.kind === "table") return addFault(visit, node.origin, "must be a value, is a table");
  const text = substituteValue(node, visit);
  if (text === null) return;
  const result = checkValue(spec, text.value, text.isSubstituted);
  if (result.kind === "fault") {
    const fault = createFault([...visit.prefix, ...visit.path], node.origin, result.message);
    visit.faults.push({ ...fault, nearest: result.nearest });
  } else if (visit.isInForce(visit.path)) {
    visit.values.set(formatPath(visit.path), { value: result.value, origin: node.origin });
  }
}

/** The value with its variables filled in; null when there is nothing left to check. */
function substituteValue(node: RawValue, visit: Visit): { value: unknown; isSubstituted: boolean } | null {
  if (typeof node.value !== "string" || visit.variables === null) return { value: node.value, isSubstituted: false };
  const result = substitute(node.value, visit.variables);
  if (result.kind === "plain") return { value: result.text, isSubstituted: false };
  // Where it is not in force, its variables may well be missing.
  if (!visit.isInForce(visit.path)) return null;
  for (const message of result.messages) addFault(visit, node.origin, message);
  return result.messages.length > 0 ? null : { value: result.text, isSubstituted: true };
}

function unknownKey(visit: Visit, origin: Origin, siblings: readonly string[]): ConfigFault {
  const name = visit.path.at(-1) ?? "";
  const fault = { path: [...visit.prefix, ...visit.path], origin, what: "unknown key" };
  const unknown = createUnknownFault(fault, name, siblings);
  if (unknown.nearest !== null) return unknown;
  const elsewhere = CONFIG_KEYS.find(({ path }) => path.startsWith(`${visit.path[0]}.`) && path.endsWith(`.${name}`));
  return elsewhere === undefined
    ? unknown
    : { ...createFault(fault.path, origin, fault.what), nearest: elsewhere.path };
}

/** Required keys that tables in force lack. */
function findMissing(table: RawTable, schema: SchemaTable, path: KeyPath): ConfigFault[] {
  return [...schema.children].flatMap(([key, child]) => {
    const node = table.entries.get(key);
    const at = [...path, key];
    if (child.kind === "key") {
      const isMissing = child.spec.isRequired === true && node === undefined;
      return isMissing ? [createFault(at, table.origin, "is required")] : [];
    }
    if (node?.kind !== "table") return [];
    if (child.kind === "table") return findMissing(node, child, at);
    return [...node.entries].flatMap(([name, entry]) =>
      entry.kind === "table" ? findMissing(entry, child.child, [...at, name]) : [],
    );
  });
}
