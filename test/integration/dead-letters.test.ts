import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Redis } from "ioredis";
import { PermanentError } from "../../src/index.ts";
import { VERSION } from "../../src/version.ts";
import { startRig } from "../support/engine-rig.ts";
import { runCli } from "../support/operator-cli.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { append, deadLetters, drained, openControl } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

let server: RedisServer;
let redis: Redis;

before(async () => {
  server = await startRedis();
  redis = openControl(server.url);
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

class CardError extends Error {
  readonly code = "E_CARD";
}

function failAs(n: number): never {
  if (n % 2 === 0)
    throw new PermanentError(`order 00${n}-77 of "customer ${n}" cannot be paid`, {
      cause: new CardError(`card ${n} expired`),
    });
  throw new CardError(`the bank did not answer for ${n}`);
}

test("a dead letter keeps the original's bytes and says everything about the failure", async () => {
  const [stream, group] = ["complete", "shop.Failing"];
  const rig = await startRig({
    url: server.url,
    handlers: [
      { name: "Failing", stream, config: { maxRetries: 1 }, handle: ({ n }) => failAs(n) },
      { name: "Other", stream },
    ],
  });
  try {
    const startedAt = Date.now() - 1000;
    const key = Buffer.from("käse");
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      ids.push(
        String(
          await redis.xadd(
            stream,
            "*",
            "type",
            "Noted",
            "id",
            `e-${n}`,
            "subject",
            key,
            "data",
            `{ "n": ${n} }`,
            "extra",
            "é",
          ),
        ),
      );
    }
    await drained(redis, stream, group);
    await drained(redis, stream, "shop.Other");
    const letters = await deadLetters(redis, stream, group);
    assert.equal(letters.length, 4);
    for (const { n, fields, failure } of letters) {
      const isEven = Number(n) % 2 === 0;
      assert.deepEqual(fields, [
        "type",
        "Noted",
        "id",
        `e-${n}`,
        "subject",
        "käse",
        "data",
        `{ "n": ${n} }`,
        "extra",
        "é",
      ]);
      const { error, fingerprint, firstFailedAt, deadLetteredAt, consumer, ...rest } = failure as typeof failure &
        Record<string, string>;
      assert.deepEqual(rest, {
        reason: isEven ? "permanent_error" : "retries_exhausted",
        attempts: isEven ? 1 : 2,
        subscription: group,
        handler: "Failing",
        method: "Noted",
        stream,
        entryId: ids[Number(n)],
        eventId: `e-${n}`,
        eventType: "Noted",
        key: "käse",
        engineVersion: VERSION,
      });
      assert.equal(error["name"], isEven ? "PermanentError" : "Error");
      assert.match(String(error["message"]), isEven ? /cannot be paid/ : /the bank did not answer/);
      assert.match(String(error["stack"]), /failAs/);
      if (isEven) assert.deepEqual(error["cause"], [`Error: card ${n} expired`]);
      else assert.equal(error["code"], "E_CARD");
      assert.match(String(fingerprint), /^[0-9a-f]{12}$/);
      assert.ok(Date.parse(String(firstFailedAt)) >= startedAt);
      assert.ok(Date.parse(String(deadLetteredAt)) >= Date.parse(String(firstFailedAt)));
      assert.match(String(consumer), /:\d+:/);
    }
    const prints = new Map(letters.map(({ n, failure }) => [n, failure["fingerprint"]]));
    assert.equal(prints.get(0), prints.get(2), "like errors have one fingerprint");
    assert.equal(prints.get(1), prints.get(3), "like errors have one fingerprint");
    assert.notEqual(prints.get(0), prints.get(1), "different errors have different ones");
    assert.deepEqual(
      await deadLetters(redis, stream, "shop.Other"),
      [],
      "the other handler's dead letters are its own",
    );
    assert.equal(rig.runsOf("Other").all.length, 4);
  } finally {
    await rig.engine.stop();
  }
});

test("an undecodable entry is dead-lettered at once, bytes intact, with the reason", async () => {
  const [stream, group] = ["bytes", "shop.Keeper"];
  const rig = await startRig({ url: server.url, handlers: [{ name: "Keeper", stream }] });
  try {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]);
    const id = await redis.xadd(stream, "*", "type", "Noted", "data", bytes);
    await drained(redis, stream, group);
    const [entry] = await redis.xrangeBuffer(`{${stream}}:dlq:${group}`, "-", "+");
    assert.deepEqual(entry?.[1][3], bytes);
    const [letter] = await deadLetters(redis, stream, group);
    assert.equal(letter?.failure.reason, "invalid_message");
    assert.equal(letter?.failure["entryId"], id);
    assert.equal(letter?.failure["attempts"], 0);
    assert.equal(rig.runsOf("Keeper").all.length, 0);
  } finally {
    await rig.engine.stop();
  }
});

test("engine dlq: an unknown id, subscription or stream name is refused with exit code 2 and near names", async () => {
  const handlers = ["Auditor", "Mailer"];
  await redis.xadd(
    "{note}:dlq:shop.Auditor",
    "*",
    "type",
    "Noted",
    "data",
    "{}",
    "failure",
    JSON.stringify({ reason: "permanent_error", error: { name: "E", message: "m" } }),
  );
  const present = (await redis.xrange("{note}:dlq:shop.Auditor", "-", "+"))[0]?.[0] ?? "none";
  const options = { url: server.url, handlers };
  const cases = [
    [["dlq", "replay", "1-1", "--domain=./app.ts", "--yes"], /ENGINE_DEAD_LETTER_UNKNOWN/, new RegExp(present)],
    [["dlq", "purge", present, "99-99", "--domain=./app.ts", "--yes"], /no dead letter "99-99"/, new RegExp(present)],
    [
      ["dlq", "replay", "--all", "--domain=./app.ts", "--subscription=Auditer", "--yes"],
      /ENGINE_SUBSCRIPTION_UNKNOWN/,
      /Did you mean (shop\.)?Auditor/,
    ],
    [["dlq", "replay", "--domain=./app.ts", "--yes"], /which dead letters/, /--all/],
  ] as const;
  const results = await Promise.all(cases.map(([args]) => runCli(args, options)));
  for (const [index, [, says, near]] of cases.entries()) {
    const { code, stderr } = results[index] ?? { code: null, stderr: "" };
    assert.equal(code, 2, stderr);
    assert.match(stderr, says);
    assert.match(stderr, near);
  }
  assert.equal(await redis.xlen("{note}:dlq:shop.Auditor"), 1, "nothing was touched");
});

test("engine dlq purge deletes what its filter says, of one handler alone, with an audit line; --dry-run deletes nothing", async () => {
  const options = { url: server.url, handlers: ["Auditor", "Mailer"], stream: "purged" };
  const add = (group: string, n: number, name: string): Promise<string | null> =>
    redis.xadd(
      `{purged}:dlq:${group}`,
      "*",
      "type",
      "Noted",
      "data",
      `{"n":${n}}`,
      "failure",
      JSON.stringify({ reason: "permanent_error", error: { name, message: "m" }, eventType: "Noted" }),
    );
  for (let n = 0; n < 6; n += 1) {
    await add("shop.Auditor", n, n < 4 ? "TimeoutError" : "TypeError");
    await add("shop.Mailer", n, "TimeoutError");
  }
  const args = ["dlq", "purge", "--domain=./app.ts", "--subscription=Auditor", "--error=TimeoutError"];
  const dry = await runCli([...args, "--dry-run", "--json"], options);
  assert.equal(dry.code, 0, dry.stderr);
  assert.deepEqual(JSON.parse(dry.stdout), { action: "dlq.purge", dry_run: true, matched: 4 });
  assert.equal(await redis.xlen("{purged}:dlq:shop.Auditor"), 6);
  const unasked = await runCli(args, options);
  assert.notEqual(unasked.code, 0, "without a terminal and --yes nothing is deleted");
  assert.equal(await redis.xlen("{purged}:dlq:shop.Auditor"), 6);
  const done = await runCli([...args, "--yes", "--json"], options);
  assert.equal(done.code, 0, done.stderr);
  assert.equal((JSON.parse(done.stdout) as { purged: number }).purged, 4);
  const left = await deadLetters(redis, "purged", "shop.Auditor");
  assert.deepEqual(
    left.map(({ n }) => n),
    [4, 5],
  );
  assert.equal(await redis.xlen("{purged}:dlq:shop.Mailer"), 6);
  const audit = done.stderr
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const finished = audit.find(({ phase }) => phase === "finished");
  assert.equal(finished?.["action"], "dlq.purge");
  assert.equal(finished?.["moved"], 4);
  assert.deepEqual(finished?.["subscriptions"], ["shop.Auditor"]);
  assert.ok(finished?.["user"]);
});

test("with the dead-letter queue off, a message that failed for good is discarded and counted", async () => {
  const [stream, group] = ["off", "shop.Keeper"];
  const rig = await startRig({
    url: server.url,
    handlers: [{ name: "Keeper", stream, config: { enableDlq: false }, handle: ({ n }) => failAs(n) }],
  });
  try {
    await append(redis, stream, 0, 2);
    await drained(redis, stream, group);
    await until("it is counted", () => rig.counts("Keeper").discarded === 2);
    assert.equal(await redis.exists(`{${stream}}:dlq:${group}`), 0);
  } finally {
    await rig.engine.stop();
  }
});
