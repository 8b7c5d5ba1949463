/** One server, a primary behind sentinels, or a cluster: which client reaches what. */
import type { Cluster, Redis, RedisOptions } from "ioredis";
import type { RedisAddress, RedisUri } from "../../primitives/redis-uri.ts";
import type { Access } from "./access.ts";

/** Sends each command to where its keys are. */
export type CommandClient = Redis | Cluster;

export interface Server {
  readonly name: string;
  /** Null: it is known, and there is no connection to it. */
  readonly client: Redis | null;
}

/** The connection of one blocking reader. */
export interface ReaderConnection {
  readonly client: Redis;
  /** A client of the same server, which can unblock the reader; null when there is none now. */
  neighbour(): CommandClient | null;
  /** False once another server is known to serve the stream. */
  isCurrent(): boolean;
}

export interface Topology {
  readonly command: CommandClient;
  /** Every server that must be well for the broker to be well. */
  servers(): readonly Server[];
  /** For what has no key and yet is about one: the clock and the neighbours of `key`. */
  nodeOf(key: string): CommandClient;
  /** `asking`: a server that takes the stream over, and serves it to those who ask. */
  openReader(options: RedisOptions, key: string, asking: RedisAddress | null): ReaderConnection;
  /** A server said that `key` moved there. */
  noteMoved(key: string, to: RedisAddress): void;
  /** Looks again at what is where, in the background. */
  refresh(): void;
  /** Connections open now, those of readers apart; and all there may be. */
  readonly activeCount: number;
  readonly count: number;
}

export interface TopologyOptions {
  readonly uri: RedisUri;
  readonly access: Access;
  /** For every connection. */
  readonly options: RedisOptions;
  /** For that of commands alone. */
  readonly commandOptions: RedisOptions;
  readonly onError: (error: unknown) => void;
}
