import type { Logger } from "pino";
import type { BrokerAdapter } from "../../ports/broker-adapter.ts";
import { createRedisBrokerAdmin } from "./broker-admin.ts";
import { createRedisBrokerFacts } from "./broker-facts.ts";
import { createRedisBroker } from "./broker.ts";
import { createConnections } from "./connection.ts";
import { createRedisDeadLetters } from "./dead-letters.ts";
import { createRedisLease } from "./lease.ts";

export interface RedisAdapterOptions {
  /** The broker's name in the configuration. */
  readonly name: string;
  /** `redis://` or `rediss://`. */
  readonly uri: string;
  readonly maxConnections: number;
  readonly log: Logger;
}

/** One Redis server as a broker. Nothing is opened before `broker.connect`. */
export function createRedisAdapter({ name, uri, maxConnections, log }: RedisAdapterOptions): BrokerAdapter {
  const connections = createConnections({ uri, maxConnections, log });
  const broker = createRedisBroker(name, connections, log);
  return {
    broker,
    admin: createRedisBrokerAdmin(connections.command, broker),
    deadLetters: createRedisDeadLetters(connections.command),
    lease: createRedisLease(connections.command),
    facts: createRedisBrokerFacts(connections.command),
  };
}
