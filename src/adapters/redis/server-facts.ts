/** INFO and CONFIG of a server → facts. What the user may not ask stays null. */
import type { Redis } from "ioredis";
import type { Durability, ServerFacts } from "../../ports/broker-facts.ts";
import { messageOf } from "./driver-errors.ts";

type Fields = ReadonlyMap<string, string>;

const SETTINGS = ["appendonly", "appendfsync", "save", "maxclients"] as const;

export async function readServerFacts(command: Redis): Promise<ServerFacts> {
  const [info, settings, keyCount] = await Promise.all([
    ifAllowed(async () => parseInfo((await command.call("INFO")) as string)),
    ifAllowed(async () => readSettings(command)),
    ifAllowed(() => command.dbsize()),
  ]);
  const fields = info ?? new Map<string, string>();
  const number = (name: string): number | null => (fields.has(name) ? Number(fields.get(name)) : null);
  const role = fields.get("role");
  return {
    product: fields.has("valkey_version") || fields.get("server_name") === "valkey" ? "valkey" : "redis",
    version: fields.get("valkey_version") ?? fields.get("redis_version") ?? "unknown",
    role: role === undefined ? null : role === "slave" ? "replica" : "primary",
    isCluster: fields.has("cluster_enabled") ? fields.get("cluster_enabled") === "1" : null,
    ...persistenceOf(fields, settings),
    persistenceFailure: failureOf(fields),
    maxMemoryBytes: number("maxmemory"),
    usedMemoryBytes: number("used_memory"),
    evictionPolicy: fields.get("maxmemory_policy") ?? null,
    maxClients: number("maxclients") ?? toNumber(settings?.get("maxclients")),
    connectedClients: number("connected_clients"),
    keyCount,
  };
}

function toNumber(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

async function ifAllowed<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (/^(?:NOPERM|ERR unknown)/i.test(messageOf(error))) return null;
    throw error;
  }
}

function parseInfo(text: string): Fields {
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(":");
      return line.startsWith("#") || colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
}

async function readSettings(command: Redis): Promise<Fields> {
  const replies = await Promise.all(SETTINGS.map((name) => command.call("CONFIG", "GET", name) as Promise<string[]>));
  return new Map(
    replies.flatMap(([name, value]) => (name === undefined || value === undefined ? [] : [[name, value]])),
  );
}

function persistenceOf(info: Fields, settings: Fields | null): { durability: Durability | null; persistence: string } {
  const isLogged = info.get("aof_enabled") === "1" || settings?.get("appendonly") === "yes";
  if (isLogged) {
    const fsync = settings?.get("appendfsync");
    const durability = { always: "A", everysec: "B", no: "C" } as const;
    const persistence = `appendonly yes, appendfsync ${fsync ?? "unknown"}`;
    return { durability: durability[fsync as keyof typeof durability] ?? null, persistence };
  }
  if (settings === null)
    return { durability: null, persistence: "appendonly no; the server does not tell of snapshots" };
  const save = settings.get("save") ?? "";
  if (save === "") return { durability: "D", persistence: "appendonly no, no snapshots" };
  return { durability: "C", persistence: `appendonly no, save ${save}` };
}

function failureOf(info: Fields): string | null {
  if (info.get("aof_last_write_status") === "err") return "the last write of the append-only file failed";
  if (info.get("rdb_last_bgsave_status") === "err") return "the last snapshot failed";
  return info.get("aof_last_bgrewrite_status") === "err" ? "the last rewrite of the append-only file failed" : null;
}
