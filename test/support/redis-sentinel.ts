/** A primary, its replica and three sentinels that watch them: real processes on loopback, quick to decide. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort, startRedis, type RedisServer } from "./redis-server.ts";
import { until } from "./until.ts";

const DOWN_AFTER_MS = 1000;

export interface SentinelSet {
  readonly name: string;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  /** `redis+sentinel://…`, of all sentinels. */
  readonly url: string;
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** The port that the sentinels name now. */
  primaryPort(): Promise<number>;
  /** Resolves once the sentinels name that port, and it is a primary. */
  promoted(port: number): Promise<void>;
  close(): Promise<void>;
}

export async function startSentinels(): Promise<SentinelSet> {
  const name = "shop-primary";
  const folder = mkdtempSync(join(tmpdir(), "engine-sentinel-"));
  const primary = await startRedis();
  const replica = await startRedis({
    args: ["--replicaof", "127.0.0.1", `${primary.port}`, "--repl-diskless-sync-delay", "0"],
  });
  const processes: ChildProcess[] = [];
  const ports: number[] = [];
  const kill = (): void => processes.forEach((child) => void child.kill("SIGKILL"));
  process.once("exit", kill);
  for (let at = 0; at < 3; at += 1) {
    const port = await freePort();
    const file = join(folder, `sentinel-${port}.conf`);
    writeFileSync(
      file,
      [
        `port ${port}`,
        "bind 127.0.0.1",
        `dir ${folder}`,
        `sentinel monitor ${name} 127.0.0.1 ${primary.port} 2`,
        `sentinel down-after-milliseconds ${name} ${DOWN_AFTER_MS}`,
        `sentinel failover-timeout ${name} 4000`,
      ].join("\n"),
    );
    const child = spawn("redis-server", [file, "--sentinel"], { stdio: "ignore" });
    child.unref();
    processes.push(child);
    ports.push(port);
  }
  const clients = ports.map((port) => {
    const client = new Redis(port, "127.0.0.1", {
      retryStrategy: () => 50,
      maxRetriesPerRequest: null,
      enableReadyCheck: false,
    });
    client.on("error", () => undefined);
    return client;
  });
  const field = async (client: Redis, key: string): Promise<string | undefined> => {
    const flat = (await client.call("SENTINEL", "MASTER", name)) as string[];
    return flat[flat.indexOf(key) + 1];
  };
  await until("every sentinel knows the replica and the other sentinels", async () => {
    const known = await Promise.all(
      clients.map(
        async (client) =>
          (await field(client, "num-slaves")) === "1" && (await field(client, "num-other-sentinels")) === "2",
      ),
    );
    return known.every(Boolean);
  });
  await until("the replica is in step", async () =>
    (await replica.cli("INFO", "replication")).includes("master_link_status:up"),
  );

  async function primaryPort(): Promise<number> {
    const address = (await clients[0]?.call("SENTINEL", "get-master-addr-by-name", name)) as
      | [string, string]
      | undefined;
    return Number(address?.[1]);
  }

  return {
    name,
    sentinels: ports.map((port) => ({ host: "127.0.0.1", port })),
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(",")}/${name}/0`,
    primary,
    replica,
    primaryPort,
    async promoted(port) {
      const server = port === primary.port ? primary : replica;
      await until("the sentinels name the other server", async () => (await primaryPort()) === port, { everyMs: 50 });
      await until("it is a primary", async () => (await server.cli("ROLE")).startsWith("master"), { everyMs: 50 });
    },
    async close() {
      for (const client of clients) client.disconnect();
      await Promise.all(
        processes
          .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
          .map(async (child) => {
            child.ref();
            const exited = once(child, "exit");
            child.kill("SIGKILL");
            await exited;
          }),
      );
      process.off("exit", kill);
      await Promise.all([primary.stop(), replica.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
