/** The watchdog: a loop that is blocked for good ends its process; one that is busy, or frozen as a whole, is left alone. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { until } from "../support/until.ts";
import { startWorker } from "../support/worker-process.ts";

const CLI = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const DOMAIN = fileURLToPath(new URL("fixtures/blocking-domain.ts", import.meta.url));
const LIMIT = { limitMs: 60_000 };

describe("the watchdog of engine server", () => {
  let redis: RedisServer;
  let dir: string;

  before(async () => {
    redis = await startRedis();
    dir = await mkdtemp(join(tmpdir(), "watchdog-"));
  });
  after(async () => {
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  async function configure(watchdog: string): Promise<void> {
    await redis.cli("FLUSHALL");
    await writeFile(
      join(dir, "domain.toml"),
      `[brokers.default]\nprovider = "redis"\nURI = "${redis.url}"\n[server.health]\nport = 0\n[server.watchdog]\n${watchdog}\n[logging]\nformat = "json"\n`,
    );
  }
  const publish = (ms: number): Promise<string> =>
    redis.cli("XADD", "blocking", "*", "type", "Work", "data", JSON.stringify({ ms }));
  const settled = async (): Promise<boolean> => {
    const groups = await redis.cli("XINFO", "GROUPS", "blocking");
    return /pending\n0\n/.test(groups) && /lag\n0\n?/.test(groups);
  };

  it(
    "reports a handler that never returns, ends its process, and its message is dead-lettered after three crashes",
    { timeout: 120_000 },
    async () => {
      await configure("report_after_ms = 500\nabort_after_ms = 2000");
      const args = ["--import", import.meta.resolve("tsx"), CLI, "server", `--domain=${DOMAIN}`, "--workers=1"];
      const child = spawn(process.execPath, args, { cwd: dir, stdio: ["ignore", "ignore", "pipe"] });
      let log = "";
      child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
      const exited = new Promise((resolve) => child.once("exit", resolve));
      try {
        for (const ms of [0, -1, 0]) await publish(ms);
        await until(
          "it is dead-lettered",
          async () => (await redis.cli("XLEN", "{blocking}:dlq:block.Worker")).trim() === "1",
          { ...LIMIT, state: () => log.slice(-2000) },
        );
        await until("the others are done", settled, LIMIT);
      } finally {
        child.kill("SIGTERM");
        await exited;
      }
      assert.match(await redis.cli("XRANGE", "{blocking}:dlq:block.Worker", "-", "+"), /crash_limit/);
      assert.equal(
        [...log.matchAll(/"level":"error".*"lastRun":"block\.Worker".*the event loop is blocked:/g)].length,
        3,
      );
      assert.equal([...log.matchAll(/worker 0 died \(SIGKILL\)/g)].length, 3);
    },
  );

  it("leaves a process alone that is busy for less than the limit", { timeout: 60_000 }, async () => {
    await configure("report_after_ms = 500\nabort_after_ms = 20000");
    const worker = startWorker({ dir, domain: "blocking-domain" });
    try {
      await worker.running();
      await publish(3000);
      await worker.logged(/the event loop is blocked/);
      const line = await worker.logged(/the event loop turns again/);
      assert.ok(Number(line["blockedMs"]) >= 500);
      await until("it is settled", settled, LIMIT);
      assert.ok(worker.isAlive);
    } finally {
      await worker.end();
    }
  });

  it("does not hold a freeze of the whole process against it", { timeout: 60_000 }, async () => {
    await configure("report_after_ms = 500\nabort_after_ms = 2500");
    const worker = startWorker({ dir, domain: "blocking-domain" });
    try {
      await worker.running();
      // Its thread takes a moment to begin: what it reports says that it has.
      await publish(1200);
      await worker.logged(/the event loop turns again/);
      const frozenAt = performance.now();
      worker.kill("SIGSTOP");
      await until("twice the limit is over", () => performance.now() - frozenAt > 5500);
      worker.kill("SIGCONT");
      await publish(0);
      await until("it goes on", async () => !worker.isAlive || (await settled()), LIMIT);
      const resumedAt = performance.now();
      await until("and on", () => performance.now() - resumedAt > 3500);
      assert.ok(worker.isAlive);
      assert.ok(!worker.log.some(({ msg }) => /blocked for good/.test(msg ?? "")));
    } finally {
      await worker.end();
    }
  });

  it("is off where the configuration says so", { timeout: 60_000 }, async () => {
    await configure("enabled = false\nreport_after_ms = 500\nabort_after_ms = 1000");
    const worker = startWorker({ dir, domain: "blocking-domain" });
    try {
      await worker.running();
      await publish(3000);
      await until("it is settled", settled, LIMIT);
      assert.ok(worker.isAlive);
      assert.ok(!worker.log.some((line) => line["watchdog"] === true));
    } finally {
      await worker.end();
    }
  });
});
