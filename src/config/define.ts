/** Configuration as an object in code: of the same shape, and checked by the same table, as domain.toml. */
import { resolve } from "node:path";
import { assembleConfig } from "./assemble.ts";
import type {
  BrokerSettings,
  CacheSettings,
  CheckSettings,
  DatabaseSettings,
  DlqSettings,
  EngineConfig,
  EventStoreSettings,
  LoadSheddingSettings,
  LoggingSettings,
  ProfileSection,
  ServerSettings,
  StreamRetentionSettings,
  SubscriptionOverrides,
  SubscriptionSection,
  TelemetrySettings,
  WatchdogSettings,
} from "./settings.ts";
import { readTable } from "./tree.ts";

/** `messagesPerTick` → `messages_per_tick`, `uri` → `URI`. */
type KeyName<Name extends string> = Name extends "uri" ? "URI" : SnakeCase<Name>;

type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : Name;

/** A table as TOML writes it: every key may be left out, none is null. */
type Table<Settings> = {
  readonly [Name in keyof Settings & string as KeyName<Name>]?: Exclude<Settings[Name], null> | undefined;
};

type Named<Entry> = Readonly<Record<string, Entry>>;

type ServerScalars = Omit<ServerSettings, "health" | "dlq" | "loadShedding" | "watchdog" | "streams">;

interface ServerInput extends Table<ServerScalars> {
  readonly health?: Table<ServerSettings["health"]> | undefined;
  readonly dlq?: Table<DlqSettings> | undefined;
  readonly load_shedding?: Table<LoadSheddingSettings> | undefined;
  readonly watchdog?: Table<WatchdogSettings> | undefined;
  readonly streams?: Named<Table<StreamRetentionSettings>> | undefined;
  readonly defaults?: Table<SubscriptionOverrides> | undefined;
  readonly subscriptions?: Named<Table<SubscriptionSection>> | undefined;
  readonly profiles?: Named<Table<ProfileSection>> | undefined;
}

/** What domain.toml says, as an object. `${VAR}` is not substituted: code has variables of its own. */
export interface ConfigInput {
  readonly databases?: Named<Table<DatabaseSettings>> | undefined;
  readonly brokers?: Named<Table<BrokerSettings>> | undefined;
  readonly caches?: Named<Table<CacheSettings>> | undefined;
  readonly event_store?: Table<EventStoreSettings> | undefined;
  readonly server?: ServerInput | undefined;
  readonly telemetry?: Table<TelemetrySettings> | undefined;
  readonly logging?: Table<LoggingSettings> | undefined;
  readonly check?: Table<CheckSettings> | undefined;
}

/** Returns its argument: it is there for its type, under which a misspelt key does not compile. */
export function defineConfig(input: ConfigInput): ConfigInput {
  return input;
}

/** `directory`: where relative paths start; default: the working directory. Throws a `ConfigError` with all faults. */
export function resolveConfig(input: ConfigInput, directory = "."): EngineConfig {
  const root = readTable(input, () => ({ place: "code", line: null, environment: null }));
  return assembleConfig(root, { file: null, directory: resolve(directory), environment: null }, null);
}
