/** A password that changes while the engine runs. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Redis } from "ioredis";
import { EngineError } from "../../src/errors.ts";
import { createRig, startRig, type RigOptions } from "../support/engine-rig.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { append, drained, startLoad } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

const GROUP = "shop.Keeper";
let server: RedisServer;
let control: Redis;
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "engine-password-"));
  server = await startRedis();
  control = new Redis(server.url);
});
after(async () => {
  control.disconnect();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const file = (): string => join(folder, "redis-password");

async function setPassword(password: string): Promise<void> {
  await control.call("ACL", "SETUSER", "worker", "on", "resetpass", `>${password}`, "~*", "&*", "+@all");
}

function options(stream: string): RigOptions {
  return {
    url: "",
    handlers: [{ name: "Keeper", stream }],
    config: {
      brokers: { default: { provider: "redis", URI: server.url, username: "worker", password_file: "redis-password" } },
      server: { start_timeout_seconds: 10 },
    },
    directory: folder,
  };
}

test("a password that rotates under load: the new one is read from its file, nothing is lost, no secret is logged", async () => {
  await setPassword("first-secret");
  writeFileSync(file(), "first-secret\n");
  const rig = await startRig(options("note"));
  const load = startLoad(server.url, "note");
  try {
    await until("the load flows", () => rig.runsOf("Keeper").distinct > 50);
    // The server first, as rotations go; the engine's connections stay, and then they are cut.
    await setPassword("second-secret");
    const killed = Number(await control.call("CLIENT", "KILL", "USER", "worker"));
    assert.ok(killed >= 2, `${killed} connections were cut`);
    await until("the old password is refused", () => rig.log.some(({ reason }) => /WRONGPASS/.test(String(reason))));
    writeFileSync(file(), "second-secret");
    const changedMs = performance.now();
    const earlier = rig.runsOf("Keeper").distinct;
    await until("it goes on", () => rig.runsOf("Keeper").distinct > earlier + 20);
    assert.ok(performance.now() - changedMs < 10_000, "it has recovered within 10 s");
    const acknowledged = await load.stop();
    await drained(control, "note", GROUP);
    assert.deepEqual(rig.runsOf("Keeper").missingOf(acknowledged), []);
    assert.deepEqual(rig.runsOf("Keeper").repeated, []);
    assert.doesNotMatch(JSON.stringify(rig.log), /(?:first|second)-secret/);
  } finally {
    await load.stop();
    await rig.engine.stop();
  }
});

test("a file that is away when a connection is made anew leaves the last password in force", async () => {
  await setPassword("kept-secret");
  writeFileSync(file(), "kept-secret\n");
  const rig = await startRig(options("kept"));
  try {
    rmSync(file());
    await control.call("CLIENT", "KILL", "USER", "worker");
    await append(control, "kept", 0, 5);
    await drained(control, "kept", GROUP);
    assert.ok(rig.lines(/cannot be read/, "warn").length > 0, "and says so");
    assert.doesNotMatch(JSON.stringify(rig.log), /kept-secret/);
  } finally {
    await rig.engine.stop();
  }
});

test("a wrong password and a missing file are refused at start, naming where to look and not the password", async () => {
  await setPassword("right-secret");
  const refused = async (): Promise<EngineError> => {
    const rig = await createRig(options("refused"));
    const error = await rig.engine.start().then(
      () => null,
      (reason: unknown) => reason,
    );
    await rig.engine.stop();
    assert.ok(error instanceof EngineError, String(error));
    assert.doesNotMatch(`${error.message} ${error.hint} ${JSON.stringify(rig.log)}`, /wrong-secret/);
    return error;
  };
  writeFileSync(file(), "wrong-secret");
  const wrong = await refused();
  assert.match(wrong.message, /WRONGPASS/);
  assert.match(wrong.hint ?? "", /password_file/);
  rmSync(file());
  const missing = await refused();
  assert.equal(missing.code, "ENGINE_BROKER_CREDENTIALS");
  assert.match(missing.message, /password_file: .*redis-password/);
});
