/** A Redis, a folder with a `domain.toml`, the workers that run in it, and the jobs they are given. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import type { Run } from "../integration/fixtures/jobs-domain.ts";
import { startRedis, type RedisServer } from "./redis-server.ts";
import { startWorker, type WorkerOptions, type WorkerProcess } from "./worker-process.ts";

export const STREAM = "job";

/** What a job does: see the fixture. */
export interface JobData {
  readonly n: number;
  readonly does: "end" | "fail" | "flaky" | "forbid" | "kill" | "abort" | "heed" | "ignore";
  readonly ms?: number;
  readonly times?: number;
  readonly only?: string;
  readonly key?: string;
}

/** Settings under `[server.defaults]`, over quick ones. */
export type JobSettings = Readonly<Record<string, number>>;

const QUICK: JobSettings = {
  claim_idle_ms: 600,
  blocking_timeout_ms: 200,
  max_retries: 3,
  retry_delay_seconds: 0.02,
  retry_max_delay_seconds: 0.1,
  // Jobs that fail on purpose are no outage.
  circuit_breaker_threshold: 1_000_000,
};

export interface JobWorld {
  readonly server: RedisServer;
  /** A connection of the test's own. */
  readonly redis: Redis;
  readonly dir: string;
  /** Appends jobs in order, in the form any producer may use. Resolves to their entry ids. */
  publish(given: readonly JobData[]): Promise<string[]>;
  start(options?: Partial<Pick<WorkerOptions, "domain" | "program">>): WorkerProcess;
  /** What handlers did so far, in order. */
  runs(): Run[];
  /** Ends every worker and the server. */
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly settings?: JobSettings;
  readonly shutdownTimeoutSeconds?: number;
  /** Without it the world has a server of its own. */
  readonly url?: string;
}

export async function createJobWorld(options: WorldOptions = {}): Promise<JobWorld> {
  const server = await startRedis();
  const dir = mkdtempSync(join(tmpdir(), "engine-jobs-"));
  writeFileSync(join(dir, "domain.toml"), configOf(options.url ?? server.url, options));
  writeFileSync(join(dir, "runs.jsonl"), "");
  const redis = new Redis(server.url);
  // Tests that take the server away know that it is away.
  redis.on("error", () => undefined);
  const workers: WorkerProcess[] = [];
  return {
    server,
    redis,
    dir,
    async publish(given) {
      const pipeline = redis.pipeline();
      for (const { key, ...data } of given) {
        const subject = key === undefined ? [] : ["subject", key];
        pipeline.xadd(STREAM, "*", "type", "Job", ...subject, "data", JSON.stringify(data));
      }
      const replies = (await pipeline.exec()) ?? [];
      return replies.map(([error, id]) => {
        if (error) throw error;
        return String(id);
      });
    },
    start({ domain = "jobs", program } = {}) {
      const worker = startWorker({ dir, domain, ...(program === undefined ? {} : { program }) });
      workers.push(worker);
      return worker;
    },
    runs() {
      const lines = readFileSync(join(dir, "runs.jsonl"), "utf8").split("\n");
      return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Run);
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.end()));
      redis.disconnect();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function configOf(url: string, { settings = {}, shutdownTimeoutSeconds = 10 }: WorldOptions): string {
  const defaults = Object.entries({ ...QUICK, ...settings }).map(([key, value]) => `${key} = ${value}`);
  return [
    "[brokers.default]",
    'provider = "redis"',
    `URI = "${url}"`,
    "[server]",
    `shutdown_timeout_seconds = ${shutdownTimeoutSeconds}`,
    "[server.health]",
    "port = 0",
    "[server.defaults]",
    ...defaults,
    "[logging]",
    'format = "json"',
    "",
  ].join("\n");
}

/** Jobs 0 … count − 1. */
export function jobs(count: number, job: (n: number) => Omit<JobData, "n">): JobData[] {
  return Array.from({ length: count }, (_, n) => ({ n, ...job(n) }));
}
