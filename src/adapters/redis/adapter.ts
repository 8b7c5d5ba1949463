import type { Redis } from "ioredis";
import type { Logger } from "pino";
import type { BrokerAccess } from "../../config/settings.ts";
import type { BrokerAdapter } from "../../ports/broker-adapter.ts";
import { createRedisBrokerAdmin } from "./broker-admin.ts";
import { createRedisBrokerFacts } from "./broker-facts.ts";
import { createRedisBroker } from "./broker.ts";
import { createConnections } from "./connection.ts";
import { createRedisControl } from "./control.ts";
import { createRedisDeadLetters } from "./dead-letters.ts";
import { createRedisLease } from "./lease.ts";

export interface RedisAdapterOptions extends BrokerAccess {
  /** The broker's name in the configuration. */
  readonly name: string;
  /** `redis://…`, `redis+sentinel://…` or `redis+cluster://…`; with `rediss` for TLS: see primitives/redis-uri.ts. */
  readonly uri: string;
  readonly maxConnections: number;
  readonly log: Logger;
}

/** A Redis as a broker. Nothing is opened before `broker.connect`. */
export function createRedisAdapter(options: RedisAdapterOptions): BrokerAdapter {
  const connections = createConnections(options);
  const broker = createRedisBroker(options.name, connections, options.log);
  return {
    broker,
    admin: createRedisBrokerAdmin(connections, broker),
    deadLetters: createRedisDeadLetters(connections.command, connections.nodeOf),
    lease: createRedisLease(connections.command),
    control: createRedisControl(connections.command),
    // A cluster's client has the same commands; those without a key say how one of the primaries is.
    facts: createRedisBrokerFacts(connections.command as Redis),
  };
}
