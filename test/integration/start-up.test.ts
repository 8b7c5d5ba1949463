import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { EngineError } from "../../src/index.ts";
import { createRig, type Rig } from "../support/engine-rig.ts";
import { runCli } from "../support/operator-cli.ts";
import { startRedis } from "../support/redis-server.ts";
import { append, openControl } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

const SECRET = "correct-horse-battery";
const handlers = [{ name: "Keeper", stream: "note" }];

/** Starts, expects the refusal, and that the secret is in no place a person could see. */
async function refusedStart(rig: Rig): Promise<EngineError> {
  const error = await rig.engine.start().then(
    () => assert.fail("it started"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof EngineError);
  assert.equal(error.code, "ENGINE_BROKER_UNAVAILABLE");
  assert.ok(error.hint);
  const seen = `${inspect(error, { depth: 10 })}\n${error.stack}\n${JSON.stringify(rig.log)}`;
  const at = seen.indexOf(SECRET);
  assert.equal(at, -1, `the password shows: ${seen.slice(Math.max(0, at - 300), at + 50)}`);
  return error;
}

test("Redis that stays away: it tries for start_timeout_seconds, then fails with what to do, and without the password", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  await server.kill9();
  const rig = await createRig({
    url: `redis://engine:${SECRET}@127.0.0.1:${server.port}`,
    handlers,
    config: { server: { start_timeout_seconds: 1.5 } },
  });
  const startedMs = performance.now();
  const error = await refusedStart(rig);
  assert.ok(performance.now() - startedMs >= 1400, "it tried for as long as it should");
  assert.match(error.message, /ECONNREFUSED/);
  assert.match(error.hint ?? "", /start_timeout_seconds/);
  assert.equal(rig.engine.status().state, "failed");
  await rig.engine.stop();
});

test("engine server without a Redis ends with exit code 1, the reason and a hint, and without the password", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  await server.kill9();
  const result = await runCli(["server", "--domain=./app.ts"], {
    url: `redis://:${SECRET}@127.0.0.1:${server.port}`,
    toml: "[server]\nstart_timeout_seconds = 1\n",
  });
  assert.equal(result.code, 1, result.stderr);
  assert.match(result.stderr, /cannot use Redis/);
  assert.match(result.stderr, /ENGINE_BROKER_UNAVAILABLE/);
  assert.match(result.stderr, /Is Redis running/);
  assert.ok(!`${result.stdout}${result.stderr}`.includes(SECRET));
  assert.equal(result.stdout, "");
});

test("Redis that comes up late is waited for", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  await server.kill9();
  const rig = await createRig({
    url: server.url,
    handlers,
    config: { server: { start_timeout_seconds: 30, health: { enabled: true, port: 0 } } },
  });
  const starting = rig.engine.start();
  await until("it has tried", () => rig.lines(/not reachable yet/, "warn").length > 0);
  const ready = await rig.health("/readyz");
  assert.equal(ready.status, 503);
  assert.equal(ready.body.status, "unavailable");
  assert.equal((await rig.health("/livez")).status, 200);
  await server.restart();
  await starting;
  const redis = openControl(server.url);
  t.after(() => redis.disconnect());
  await append(redis, "note", 0, 3);
  await until("messages are handled", () => rig.runsOf("Keeper").distinct === 3);
  await rig.engine.stop();
});

for (const [sentence, credentials] of [
  ["a wrong password", `:not-${SECRET}@`],
  ["no password where one is needed", ""],
] as const) {
  test(`${sentence} fails at once, says so, and shows none`, async (t) => {
    const server = await startRedis({ args: ["--requirepass", `${SECRET}-right`] });
    t.after(() => server.stop());
    const rig = await createRig({
      url: `redis://${credentials}127.0.0.1:${server.port}`,
      handlers,
      config: { server: { start_timeout_seconds: 600 } },
    });
    const error = await refusedStart(rig);
    assert.match(error.message, /WRONGPASS|NOAUTH/);
    assert.match(error.hint ?? "", /password/);
    await rig.engine.stop();
  });
}

test("an alert callback that cannot be loaded stops the start, with exit code 2", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const dir = mkdtempSync(join(tmpdir(), "engine-callback-"));
  writeFileSync(join(dir, "alerts.mjs"), "export const onAlert = 5;\nexport function other() {}\n");
  writeFileSync(join(dir, "throws.mjs"), "throw new Error('no luck');\n");
  for (const [callback, says] of [
    ["./absent.mjs#onAlert", /no such file/],
    ["./alerts.mjs#onAlert", /exports no function "onAlert"/],
    ["./throws.mjs#onAlert", /no luck/],
  ] as const) {
    await t.test(callback, async () => {
      const config = { server: { dlq: { alert_callback: callback } } };
      await assert.rejects(createRig({ url: server.url, handlers, config, directory: dir }), (error: EngineError) => {
        assert.equal(error.code, "ENGINE_CALLBACK_INVALID");
        assert.match(error.message, says);
        return true;
      });
    });
  }
  const result = await runCli(["server", "--domain=./app.ts"], {
    url: server.url,
    toml: '[server.dlq]\nalert_callback = "./absent.mjs#onAlert"\n',
  });
  assert.equal(result.code, 2, result.stderr);
  assert.match(result.stderr, /ENGINE_CALLBACK_INVALID/);
  rmSync(dir, { recursive: true });
});
