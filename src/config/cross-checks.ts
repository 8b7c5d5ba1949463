/** What no single key can tell: values that contradict each other, and names that lead nowhere. */
import { createFault, createUnknownFault, formatPath, type ConfigFault, type Origin } from "./faults.ts";
import { parseRedisUri } from "../primitives/redis-uri.ts";
import { checkBrokerAccess } from "./broker-checks.ts";
import { textOfValue } from "./key-spec.ts";
import { checkProfiles } from "./profile-checks.ts";
import type { EngineConfig } from "./settings.ts";
import { findNode, namedTables, type RawTable } from "./tree.ts";
import type { ValidatedConfig } from "./validate.ts";

/** `config` was built from `valid`; what already has a fault is not judged again. */
export function crossCheck(config: EngineConfig, valid: ValidatedConfig): readonly ConfigFault[] {
  return [
    ...checkRedisOrMemory("brokers", valid),
    ...checkRedisOrMemory("caches", valid),
    ...checkBrokerAccess(valid),
    ...checkDefaultBroker(valid),
    ...checkDatabases(valid),
    ...checkEventStore(valid),
    ...checkProfiles(config, valid),
    ...checkWatchdog(config),
  ];
}

function checkRedisOrMemory(section: "brokers" | "caches", valid: ValidatedConfig): readonly ConfigFault[] {
  return namedTables(valid.effective, [section]).flatMap(([name, table]) => {
    const path = [section, name, "URI"];
    const provider = valid.values.get(formatPath([section, name, "provider"]))?.value;
    const uri = valid.values.get(formatPath(path));
    const isWritten = table.entries.has("URI");
    if (provider === "redis" && !isWritten) return [createFault(path, table.origin, "is required for redis")];
    if (provider === "memory" && isWritten) {
      return [createFault(path, originOf(table, "URI"), "is not allowed for memory: it lives inside this process")];
    }
    if (provider !== "redis" || uri === undefined) return [];
    const result = parseRedisUri(textOfValue(uri.value));
    return result.kind === "fault" ? [createFault(path, originOf(table, "URI"), result.fault)] : [];
  });
}

function originOf(table: RawTable, key: string): Origin {
  return table.entries.get(key)?.origin ?? table.origin;
}

function checkDefaultBroker(valid: ValidatedConfig): readonly ConfigFault[] {
  const names = namedTables(valid.effective, ["brokers"]).map(([name]) => name);
  if (names.length === 0 || names.includes("default")) return [];
  const origin = findNode(valid.effective, ["brokers"])?.origin ?? null;
  return [createFault(["brokers", "default"], origin, `is required beside ${names.join(", ")}`)];
}

function checkWatchdog({ server, origins }: EngineConfig): readonly ConfigFault[] {
  const { reportAfterMs, abortAfterMs } = server.watchdog;
  if (abortAfterMs === 0 || abortAfterMs > reportAfterMs) return [];
  const path = ["server", "watchdog", "abort_after_ms"];
  const origin = origins[formatPath(path)] ?? origins["server.watchdog.report_after_ms"] ?? null;
  return [createFault(path, origin, `must be more than report_after_ms, ${reportAfterMs}; or 0: never`)];
}

function checkDatabases(valid: ValidatedConfig): readonly ConfigFault[] {
  return namedTables(valid.effective, ["databases"]).flatMap(([name, table]) => {
    const path = ["databases", name, "database_uri"];
    const provider = valid.values.get(formatPath(["databases", name, "provider"]))?.value;
    const uri = valid.values.get(formatPath(path))?.value;
    if (provider !== "postgresql" || uri === undefined || /^postgres(?:ql)?:\/\//i.test(textOfValue(uri))) return [];
    return [createFault(path, originOf(table, "database_uri"), "must be a postgresql:// URL")];
  });
}

function checkEventStore(valid: ValidatedConfig): readonly ConfigFault[] {
  const database = valid.values.get("event_store.database");
  const names = namedTables(valid.effective, ["databases"]).map(([name]) => name);
  if (database === undefined || names.includes(textOfValue(database.value))) return [];
  const fault = { path: ["event_store", "database"], origin: database.origin, what: "is no name under [databases]" };
  return [createUnknownFault(fault, textOfValue(database.value), names)];
}
