import { addressOf, isLoopback } from "../hosts.ts";
import type { StaticRule } from "../rule.ts";

/** Messages and password in the clear. */
export const redisPlaintext: StaticRule = {
  scope: "static",
  code: "CHECK_REDIS_PLAINTEXT",
  severity: "warning",
  title: "Redis without TLS in production",
  rationale:
    "Everything between the engine and Redis, the password included, can be read and changed by whoever is on the way.",
  fix: "Use `rediss://`. Where the network itself encrypts (a mesh, a tunnel), suppress this with that as the reason.",
  run({ config, isProduction, placeOf }) {
    if (!isProduction) return [];
    return Object.entries(config.brokers).flatMap(([name, { uri }]) => {
      const address = uri === null ? null : addressOf(uri);
      if (address === null || address.isEncrypted || address.hosts.every(isLoopback)) return [];
      const key = `brokers.${name}.URI`;
      return [{ on: key, message: `${key} goes to ${address.hosts.join(", ")} unencrypted`, place: placeOf(key) }];
    });
  },
};
