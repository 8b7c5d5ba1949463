/** Checked values as settings: complete, in camelCase, frozen. */
import { resolve } from "node:path";
import { formatPath, type KeyPath } from "./faults.ts";
import { settingName, type SchemaNode, type SchemaTable } from "./key-spec.ts";
import { SCHEMA_TREE } from "./schema.ts";
import type { BrokerSettings, EngineConfig, OptionalSection, SettingOrigin } from "./settings.ts";
import { findNode } from "./tree.ts";
import type { ValidatedConfig } from "./validate.ts";

export interface ConfigContext {
  readonly file: string | null;
  readonly directory: string;
  readonly environment: string | null;
}

const OPTIONAL_SECTIONS: readonly OptionalSection[] = ["databases", "caches", "event_store"];
const EMBEDDED_BROKER: BrokerSettings = { provider: "memory", uri: null, maxConnections: 50 };

/** Values with a fault come out as their defaults, so that further checks can go on. */
export function buildConfig(valid: ValidatedConfig, context: ConfigContext): EngineConfig {
  const sections = Object.fromEntries(
    [...SCHEMA_TREE.children].map(([key, node]) => [settingName(key), buildNode(node, [key], valid)]),
  );
  const brokers = placeFiles(sections["brokers"] as EngineConfig["brokers"], context.directory);
  const hasEventStore = findNode(valid.effective, ["event_store"]) !== undefined;
  const config = {
    ...context,
    ...sections,
    brokers: Object.keys(brokers).length === 0 ? { default: EMBEDDED_BROKER } : brokers,
    eventStore: hasEventStore ? sections["eventStore"] : null,
    usedSections: OPTIONAL_SECTIONS.filter((section) => valid.effective.entries.has(section)),
    origins: collectOrigins(valid),
  };
  // The table's keys and the types of settings.ts say the same; a test holds them together.
  return deepFreeze(config as unknown as EngineConfig);
}

/** Files of brokers, from where the configuration is; and nothing of what gives no access. */
function placeFiles(brokers: EngineConfig["brokers"], directory: string): EngineConfig["brokers"] {
  const place = ([key, value]: readonly [string, unknown]): [string, unknown] =>
    key.endsWith("File") && typeof value === "string" ? [key, resolve(directory, value)] : [key, value];
  const isKept = ([key, value]: readonly [string, unknown]): boolean => value !== null || key === "uri";
  return Object.fromEntries(
    Object.entries(brokers).map(([name, settings]) => [
      name,
      Object.fromEntries(Object.entries(settings).filter(isKept).map(place)) as unknown as BrokerSettings,
    ]),
  );
}

/** Tables in which a key that is not set is left out, rather than given its default. */
const SPARSE = /^server\.(?:defaults|streams|subscriptions|profiles)\b/;

function buildNode(node: SchemaNode, path: KeyPath, valid: ValidatedConfig): unknown {
  switch (node.kind) {
    case "key":
      return valid.values.get(formatPath(path))?.value ?? node.spec.default;
    case "table":
      return buildTable(node, path, valid);
    case "named":
      return Object.fromEntries(
        namesAt(valid, path).map((name) => [name, buildTable(node.child, [...path, name], valid)]),
      );
  }
}

function buildTable(table: SchemaTable, path: KeyPath, valid: ValidatedConfig): object {
  const isSparse = SPARSE.test(formatPath(path));
  const entries = [...table.children].map(([key, node]): [string, unknown] => [
    settingName(key),
    buildNode(node, [...path, key], valid),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => !isSparse || value !== null));
}

/** The tables a user named under `path`. */
function namesAt(valid: ValidatedConfig, path: KeyPath): readonly string[] {
  const node = findNode(valid.effective, path);
  if (node?.kind !== "table") return [];
  return [...node.entries].filter(([, entry]) => entry.kind === "table").map(([name]) => name);
}

const NAMED_TABLES: readonly KeyPath[] = [
  ["databases"],
  ["brokers"],
  ["caches"],
  ["server", "streams"],
  ["server", "subscriptions"],
  ["server", "profiles"],
];

/** Of every value, and of the tables users named. */
function collectOrigins(valid: ValidatedConfig): Record<string, SettingOrigin> {
  const origins = new Map([...valid.values].map(([path, { origin }]) => [path, origin]));
  for (const path of NAMED_TABLES) {
    for (const name of namesAt(valid, path)) {
      const node = findNode(valid.effective, [...path, name]);
      if (node !== undefined) origins.set(formatPath([...path, name]), node.origin);
    }
  }
  return Object.fromEntries(origins);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
