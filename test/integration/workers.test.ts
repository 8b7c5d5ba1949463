/** `engine server --workers`: one address for all, restarts, and a truth about stuck workers. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { until } from "../support/until.ts";

const CLI = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const DOMAIN = fileURLToPath(new URL("fixtures/crashing-domain.ts", import.meta.url));
const TSX = import.meta.resolve("tsx");
const LIMIT = { limitMs: 30_000 };

interface Supervised {
  readonly url: string;
  readonly workerPids: () => readonly number[];
  readonly log: () => string;
  stop(): Promise<number | null>;
}

describe("engine server --workers", () => {
  let redis: RedisServer;
  let dir: string;

  before(async () => {
    redis = await startRedis();
    dir = await mkdtemp(join(tmpdir(), "workers-"));
  });
  after(async () => {
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  async function start(workers: number): Promise<Supervised> {
    await writeFile(
      join(dir, "domain.toml"),
      `[brokers.default]\nprovider = "redis"\nURI = "${redis.url}"\n[server.health]\nport = 0\n`,
    );
    const args = ["--import", TSX, CLI, "server", `--domain=${DOMAIN}`, `--workers=${workers}`];
    const child = spawn(process.execPath, args, { cwd: dir, stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
    const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const address = (): string | undefined => /"url":"(http:[^"]+)"/.exec(log)?.[1];
    await until("it happens", () => address() !== undefined, LIMIT);
    const url = address() ?? "";
    await until("it happens", async () => (await fetch(`${url}/readyz`)).status === 200, LIMIT);
    return {
      url,
      log: () => log,
      workerPids: () => [...log.matchAll(/"pid":(\d+),"msg":"worker \d+ started"/g)].map((match) => Number(match[1])),
      stop() {
        child.kill("SIGTERM");
        return exited;
      },
    };
  }

  it("starts a worker again that a message killed, and finishes every other message", async () => {
    const supervised = await start(2);
    for (let n = 0; n < 40; n += 1)
      await redis.cli("XADD", "crashing", "*", "type", "Work", "data", JSON.stringify({ n }));
    await redis.cli("XADD", "crashing", "*", "type", "Work", "data", '{"n":-1}');
    await until(
      "it happens",
      async () => (await redis.cli("XLEN", "{crashing}:dlq:crash.Worker")).trim() === "1",
      LIMIT,
    );
    await until(
      "it happens",
      async () => (await redis.cli("XPENDING", "crashing", "crash.Worker")).trim().startsWith("0"),
      LIMIT,
    );
    assert.match(supervised.log(), /worker \d died \(SIGABRT\): starting it again/);
    assert.match(await redis.cli("XRANGE", "{crashing}:dlq:crash.Worker", "-", "+"), /crash_limit/);
    assert.equal(await supervised.stop(), 0);
  });

  it("says 503 while one of four workers is stuck, and 200 when it is back", async () => {
    const supervised = await start(4);
    const stuck = supervised.workerPids()[2] ?? 0;
    process.kill(stuck, "SIGSTOP");
    const readiness = async (): Promise<number> => (await fetch(`${supervised.url}/readyz`)).status;
    await until("it happens", async () => (await readiness()) === 503, LIMIT);
    const body = (await (await fetch(`${supervised.url}/readyz`)).json()) as { checks: { workers: unknown } };
    assert.deepEqual(body.checks.workers, { total: 4, running: 3, stuck: 1 });
    process.kill(stuck, "SIGCONT");
    await until("it happens", async () => (await readiness()) === 200, LIMIT);
    assert.equal(await supervised.stop(), 0);
    for (const pid of supervised.workerPids()) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  });
});
