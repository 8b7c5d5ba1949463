/** deploy/backup/: what the scripts write can be recovered from, to the message. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { pino } from "pino";
import { createEngine, defineHandler, Domain, Event, on, PermanentError, type Engine } from "../../src/index.ts";
import { z } from "zod";
import { PASSWORDS, startAclRedis } from "../support/acl-redis.ts";
import { startRedis } from "../support/redis-server.ts";
import { until } from "../support/until.ts";

const run = promisify(execFile);
const script = (name: string): string => fileURLToPath(new URL(`../../deploy/backup/${name}.sh`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "engine-backup-"));
after(() => rmSync(folder, { recursive: true, force: true }));

class Placed extends Event("Placed", z.object({ n: z.number() })) {}

async function startShop(url: string, handled: number[]): Promise<Engine> {
  const domain = new Domain("shop");
  domain.register(
    defineHandler(
      { name: "Audit", stream: "order" },
      on(Placed, async ({ n }) => {
        if (n === 3) throw new PermanentError("three is forbidden");
        handled.push(n);
      }),
    ),
  );
  const brokers = { default: { provider: "redis", URI: url } } as const;
  const engine = await createEngine(
    domain,
    { brokers, server: { health: { enabled: false }, defaults: { claim_idle_ms: 300, blocking_timeout_ms: 100 } } },
    { logger: pino({ level: "silent" }) },
  );
  await engine.start();
  return engine;
}

async function publish(redis: Redis, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) await redis.xadd("order", "*", "type", "Placed", "data", JSON.stringify({ n }));
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.fail("it did not fail"),
    (reason: unknown) => reason,
  );
  return String((error as { stderr?: string }).stderr);
}

describe("backup and recovery", () => {
  const backups = join(folder, "backups");

  it("brings back the stream, the group's place, what was pending and the dead letters", async () => {
    const lost = await startAclRedis();
    const before: number[] = [];
    await publish(lost.root, 1, 5);
    const engine = await startShop(lost.urlOf("worker"), before);
    await until(
      "four handled, one dead letter",
      async () => before.length === 4 && (await lost.root.xlen("{order}:dlq:shop.Audit")) === 1,
    );
    await engine.stop();
    // 6 and 7 are pending with a consumer that will never come back, 8 to 10 undelivered.
    await publish(lost.root, 6, 7);
    await lost.root.call("XREADGROUP", "GROUP", "shop.Audit", "gone", "STREAMS", "order", ">");
    await publish(lost.root, 8, 10);

    const env = {
      PATH: process.env["PATH"],
      REDIS_PORT: `${lost.server.port}`,
      REDIS_USER: "backup",
      REDIS_PASSWORD: PASSWORDS.BACKUP_PASSWORD,
    };
    const { stdout } = await run("bash", [script("backup-redis"), backups], { env });
    assert.deepEqual(await lost.refusals(), []);
    await lost.close();

    const data = join(folder, "data");
    assert.match((await run("bash", [script("restore-redis"), stdout.trim(), data])).stdout, /^restored \d+ keys/);
    const found = await startRedis({ dir: data, appendonly: true });
    const redis = new Redis(found.url);
    assert.equal(await redis.xlen("order"), 10);
    assert.equal(await redis.xlen("{order}:dlq:shop.Audit"), 1);
    const handled: number[] = [];
    const again = await startShop(found.url, handled);
    await until("what was pending and undelivered is handled", () => handled.length >= 5, { state: () => handled });
    await again.whenIdle();
    assert.deepEqual(
      handled.toSorted((a, b) => a - b),
      [6, 7, 8, 9, 10],
      "and nothing that was acked before",
    );
    await again.stop();
    redis.disconnect();
    await found.stop();
  });

  it("is drilled with the newest copy", async () => {
    const { stdout } = await run("bash", [script("drill"), backups]);
    assert.match(stdout, /^stream: order entries=10 groups=1$/m);
    assert.match(stdout, /drill: ok\n$/);
  });

  it("does not overwrite a data directory", async () => {
    const [copy = ""] = readdirSync(backups).filter((name) => name.endsWith(".rdb"));
    assert.match(
      await failure(run("bash", [script("restore-redis"), join(backups, copy), join(folder, "data")])),
      /not empty/,
    );
  });

  it("fails the drill on a copy that is old, damaged, or missing", async () => {
    const [copy = ""] = readdirSync(backups).filter((name) => name.endsWith(".rdb"));
    const path = join(backups, copy);
    const longAgo = Date.now() / 1000 - 30 * 3600;
    utimesSync(path, longAgo, longAgo);
    assert.match(await failure(run("bash", [script("drill"), backups])), /30 h old/);
    appendFileSync(path, "x");
    assert.match(await failure(run("bash", [script("drill"), backups])), /checksum differs/);
    assert.match(await failure(run("bash", [script("drill"), folder])), /no copy/);
  });

  it("keeps so many copies, and leaves none that is half written", async () => {
    const server = await startRedis({ args: ["--repl-diskless-sync-delay", "0"] });
    const kept = join(folder, "kept");
    const env = { PATH: process.env["PATH"], REDIS_PORT: `${server.port}`, KEEP: "2" };
    for (let n = 0; n < 3; n += 1) await run("bash", [script("backup-redis"), kept], { env });
    const names = readdirSync(kept).toSorted();
    assert.equal(names.filter((name) => name.endsWith(".rdb")).length, 2);
    assert.equal(names.length, 4, names.join(" "));
    await server.stop();
    await failure(run("bash", [script("backup-redis"), kept], { env }));
    assert.deepEqual(readdirSync(kept).toSorted(), names);
  });
});
