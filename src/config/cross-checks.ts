/** What no single key can tell: values that contradict each other, and names that lead nowhere. */
import { createFault, createUnknownFault, formatPath, type ConfigFault, type KeyPath, type Origin } from "./faults.ts";
import { textOfValue } from "./key-spec.ts";
import { checkProfiles } from "./profile-checks.ts";
import type { EngineConfig } from "./settings.ts";
import { findNode, type RawTable } from "./tree.ts";
import type { ValidatedConfig } from "./validate.ts";

/** `config` was built from `valid`; what already has a fault is not judged again. */
export function crossCheck(config: EngineConfig, valid: ValidatedConfig): readonly ConfigFault[] {
  return [
    ...checkRedisOrMemory("brokers", valid),
    ...checkRedisOrMemory("caches", valid),
    ...checkDefaultBroker(valid),
    ...checkDatabases(valid),
    ...checkEventStore(valid),
    ...checkProfiles(config, valid),
  ];
}

function namedTables(valid: ValidatedConfig, path: KeyPath): readonly (readonly [string, RawTable])[] {
  const node = findNode(valid.effective, path);
  if (node?.kind !== "table") return [];
  return [...node.entries].flatMap(([name, entry]) => (entry.kind === "table" ? [[name, entry] as const] : []));
}

function checkRedisOrMemory(section: "brokers" | "caches", valid: ValidatedConfig): readonly ConfigFault[] {
  return namedTables(valid, [section]).flatMap(([name, table]) => {
    const path = [section, name, "URI"];
    const provider = valid.values.get(formatPath([section, name, "provider"]))?.value;
    const uri = valid.values.get(formatPath(path));
    const isWritten = table.entries.has("URI");
    if (provider === "redis" && !isWritten) return [createFault(path, table.origin, "is required for redis")];
    if (provider === "memory" && isWritten) {
      return [createFault(path, originOf(table, "URI"), "is not allowed for memory: it lives inside this process")];
    }
    const message = provider === "redis" && uri !== undefined ? redisUriMessage(textOfValue(uri.value)) : null;
    return message === null ? [] : [createFault(path, originOf(table, "URI"), message)];
  });
}

function originOf(table: RawTable, key: string): Origin {
  return table.entries.get(key)?.origin ?? table.origin;
}

/** Says nothing of the URI beyond a scheme that is known: it may be a secret. */
function redisUriMessage(uri: string): string | null {
  const reserved = /^rediss?\+(?:sentinel|cluster):\/\//i.exec(uri)?.[0];
  if (reserved !== undefined) return `${reserved} is not supported by this version; use redis:// or rediss://`;
  if (!/^rediss?:\/\//i.test(uri)) return "must be a redis:// or rediss:// URL";
  const url = URL.parse(uri);
  if (url === null || url.hostname === "")
    return "is not a URL that can be read; percent-encode special characters in the password";
  if (!/^\/?(?:\d+)?$/.test(url.pathname))
    return "must end in the number of a database, or in nothing: redis://host:6379/0";
  return null;
}

function checkDefaultBroker(valid: ValidatedConfig): readonly ConfigFault[] {
  const names = namedTables(valid, ["brokers"]).map(([name]) => name);
  if (names.length === 0 || names.includes("default")) return [];
  const origin = findNode(valid.effective, ["brokers"])?.origin ?? null;
  return [createFault(["brokers", "default"], origin, `is required beside ${names.join(", ")}`)];
}

function checkDatabases(valid: ValidatedConfig): readonly ConfigFault[] {
  return namedTables(valid, ["databases"]).flatMap(([name, table]) => {
    const path = ["databases", name, "database_uri"];
    const provider = valid.values.get(formatPath(["databases", name, "provider"]))?.value;
    const uri = valid.values.get(formatPath(path))?.value;
    if (provider !== "postgresql" || uri === undefined || /^postgres(?:ql)?:\/\//i.test(textOfValue(uri))) return [];
    return [createFault(path, originOf(table, "database_uri"), "must be a postgresql:// URL")];
  });
}

function checkEventStore(valid: ValidatedConfig): readonly ConfigFault[] {
  const database = valid.values.get("event_store.database");
  const names = namedTables(valid, ["databases"]).map(([name]) => name);
  if (database === undefined || names.includes(textOfValue(database.value))) return [];
  const fault = { path: ["event_store", "database"], origin: database.origin, what: "is no name under [databases]" };
  return [createUnknownFault(fault, textOfValue(database.value), names)];
}
