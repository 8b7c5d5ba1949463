/** What is in force, and what set it: `engine config show` and `engine config explain`. */
import { createUnknownFault, formatOrigin, formatPath, type ConfigFault, type KeyPath } from "./faults.ts";
import { settingName, type KeyValue, type SchemaNode } from "./key-spec.ts";
import { PROFILE_FIELDS } from "./profile-fields.ts";
import { redactUrl } from "./redact.ts";
import { resolveSubscription, type SubscriptionField, type SubscriptionRequest } from "./resolve-subscription.ts";
import { SCHEMA_TREE } from "./schema.ts";
import type { EngineConfig } from "./settings.ts";

export {
  resolveSubscription,
  type ResolvedSubscription,
  type SubscriptionField,
  type SubscriptionRequest,
} from "./resolve-subscription.ts";

/** Tables and values as domain.toml writes them. */
export interface RenderedTable {
  readonly [key: string]: RenderedTable | KeyValue | null;
}

/** The whole configuration under the names of domain.toml, without secrets: fit to be shown. */
export function renderConfig(config: EngineConfig): RenderedTable {
  return renderTable(SCHEMA_TREE, config) as RenderedTable;
}

type Rendered = RenderedTable | KeyValue | null | undefined;

function renderTable(node: SchemaNode, value: unknown): Rendered {
  if (value === undefined || value === null) return value;
  if (node.kind === "key") {
    return node.spec.isSecret === true && typeof value === "string" ? redactUrl(value) : (value as KeyValue);
  }
  const settings = value as Readonly<Record<string, unknown>>;
  const entries =
    node.kind === "named"
      ? Object.entries(settings).map(([name, entry]): [string, Rendered] => [name, renderTable(node.child, entry)])
      : [...node.children].map(([key, child]): [string, Rendered] => [
          key,
          renderChild(child, settings[settingName(key)]),
        ]);
  return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined)) as RenderedTable;
}

/** A key without a value is null; a table that is not there is left out. */
function renderChild(child: SchemaNode, value: unknown): Rendered {
  return child.kind !== "key" && value === null ? undefined : renderTable(child, value);
}

export interface ExplainRow {
  readonly key: string;
  /** Secrets redacted. Null: none. */
  readonly value: KeyValue | null;
  /** `domain.toml:12`, `domain.toml:40 (environment production)`, `profile batch`, `code: subscriptionConfig`, `default`. */
  readonly source: string;
}

/** Every key in force, by section. */
export function explainRows(config: EngineConfig): readonly ExplainRow[] {
  return flatten(renderConfig(config), []).map(({ path, value }) => {
    const key = formatPath(path);
    const origin = Object.hasOwn(config.origins, key) ? config.origins[key] : undefined;
    return { key, value, source: origin === undefined ? "default" : formatOrigin(origin) };
  });
}

interface FlatValue {
  readonly path: KeyPath;
  readonly value: KeyValue | null;
}

function flatten(table: RenderedTable, path: KeyPath): readonly FlatValue[] {
  return Object.entries(table).flatMap(([key, value]) =>
    isTable(value) ? flatten(value, [...path, key]) : [{ path: [...path, key], value }],
  );
}

function isTable(value: RenderedTable | KeyValue | null): value is RenderedTable {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One subscription's fields. Throws as `resolveSubscription` does. */
export function explainSubscription(config: EngineConfig, request: SubscriptionRequest): readonly ExplainRow[] {
  const { settings, sources } = resolveSubscription(config, request);
  return PROFILE_FIELDS.map(({ field }) => {
    const name = settingName(field) as SubscriptionField;
    return { key: field, value: settings[name], source: sources[name] };
  });
}

/** A fault for each `[server.subscriptions.X]` where X is none of `names`: handler classes and subscription names. */
export function unknownSubscriptionSections(config: EngineConfig, names: readonly string[]): readonly ConfigFault[] {
  const unknown = Object.keys(config.server.subscriptions).filter((name) => !names.includes(name));
  return unknown.map((name) => {
    const path = ["server", "subscriptions", name];
    const origin = config.origins[formatPath(path)] ?? null;
    return createUnknownFault({ path, origin, what: "no handler and no subscription has this name" }, name, names);
  });
}
