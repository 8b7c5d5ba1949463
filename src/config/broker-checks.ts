/** Whether the keys that get into a Redis fit its URI, and each other. */
import { parseRedisUri, type RedisUri } from "../primitives/redis-uri.ts";
import { createFault, formatPath, type ConfigFault } from "./faults.ts";
import { textOfValue } from "./key-spec.ts";
import { namedTables } from "./tree.ts";
import type { ValidatedConfig } from "./validate.ts";

/** A key that is set, and what is wrong with that; null: nothing. */
type AccessRule = readonly [key: string, fault: (uri: RedisUri | null, has: (key: string) => boolean) => string | null];

const needsRedis = (uri: RedisUri | null): string | null => (uri === null ? "is for redis" : null);
const needsTls = (uri: RedisUri | null): string | null =>
  uri?.isTls === true ? null : "is set, and the URI is without TLS: begin it with rediss, or leave this key out";
const needsSentinel = (uri: RedisUri | null): string | null =>
  uri?.kind === "sentinel" ? null : "is for redis+sentinel:// URLs";

const RULES: readonly AccessRule[] = [
  [
    "username",
    (uri) =>
      needsRedis(uri) ?? ((uri?.username ?? null) === null ? null : "is set, and the URI names a user too: keep one"),
  ],
  [
    "password_file",
    (uri) =>
      needsRedis(uri) ?? ((uri?.password ?? null) === null ? null : "is set, and the URI has a password too: keep one"),
  ],
  ["sentinel_username", needsSentinel],
  ["sentinel_password_file", needsSentinel],
  ["tls_ca_file", needsTls],
  ["tls_server_name", needsTls],
  ["tls_cert_file", (uri, has) => needsTls(uri) ?? (has("tls_key_file") ? null : "is of no use without tls_key_file")],
  ["tls_key_file", (uri, has) => needsTls(uri) ?? (has("tls_cert_file") ? null : "is of no use without tls_cert_file")],
];

/** Brokers whose URI has a fault of its own are not judged. */
export function checkBrokerAccess(valid: ValidatedConfig): readonly ConfigFault[] {
  return namedTables(valid.effective, ["brokers"]).flatMap(([name, table]) => {
    const written = valid.values.get(formatPath(["brokers", name, "URI"]));
    const provider = valid.values.get(formatPath(["brokers", name, "provider"]))?.value;
    const parsed = written === undefined ? null : parseRedisUri(textOfValue(written.value));
    if (provider === "redis" && parsed?.kind !== "uri") return [];
    const uri = parsed?.kind === "uri" && provider === "redis" ? parsed.uri : null;
    return RULES.flatMap(([key, judge]) => {
      const set = valid.values.get(formatPath(["brokers", name, key]));
      if (set === undefined) return [];
      const message = judge(uri, (other) => table.entries.has(other));
      return message === null ? [] : [createFault(["brokers", name, key], set.origin, message)];
    });
  });
}
