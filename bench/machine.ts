/** Where a result was measured, in general terms: nothing that names a machine. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import type { Redis } from "ioredis";

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGigabytes: number;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
}

export async function describeMachine(redis: Redis): Promise<Machine> {
  const server = /^redis_version:(\S+)/m.exec(await redis.info("server"))?.[1] ?? "unknown";
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? "unknown",
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release().split(/[.-]/).slice(0, 2).join(".")}`,
    versions: {
      engine: versionOf("../package.json"),
      node: process.version,
      redis: server,
      ioredis: versionOf("../node_modules/ioredis/package.json"),
      bullmq: versionOf("../node_modules/bullmq/package.json"),
      zod: versionOf("../node_modules/zod/package.json"),
    },
  };
}

function versionOf(path: string): string {
  const text = readFileSync(new URL(path, import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
