/** Sections 2 and 3: what cannot be a message is dead-lettered at once, byte for byte, and stops nobody. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRedisDeadLetters } from "../../src/adapters/redis/dead-letters.ts";
import { defineScripts } from "../../src/adapters/redis/scripts.ts";
import { HOSTILE_CLASSES, type HostileClass } from "../support/hostile-entries.ts";
import { createJobWorld, jobs, STREAM, type JobWorld } from "../support/job-world.ts";
import { lettersOf, whenSettled, type StoredLetter } from "../support/oracle.ts";

const GOOD = 2000;
const HOSTILE = 1000;
const ADDRESS = { stream: STREAM, group: "shop.Worker" };

interface Sent {
  readonly entryId: string;
  readonly n: number;
  readonly of: HostileClass;
  readonly fields: readonly Buffer[];
}

async function send(world: JobWorld, index: number): Promise<Sent> {
  const of = HOSTILE_CLASSES[index % HOSTILE_CLASSES.length] as HostileClass;
  const n = GOOD + index;
  const fields = of.make(n).map((value) => Buffer.from(value));
  const entryId = String(await world.redis.call("XADD", STREAM, "*", ...fields));
  return { entryId, n, of, fields };
}

function assertIntact(letter: StoredLetter | undefined, sent: Sent): void {
  assert.ok(letter, `${sent.of.name}: it is a dead letter`);
  assert.equal(letter.failure.reason, "invalid_message", sent.of.name);
  assert.equal(letter.failure.entryId, sent.entryId);
  assert.equal(letter.fields.length, sent.fields.length, sent.of.name);
  const isIntact = letter.fields.every((value, index) => value.equals(sent.fields[index] ?? Buffer.of()));
  assert.ok(isIntact, `${sent.of.name}: byte for byte`);
}

test("1,000 hostile entries among 2,000 good ones: each meets its fate, intact, and every good one is handled", async () => {
  const world = await createJobWorld({ settings: { claim_idle_ms: 30_000 } });
  try {
    const worker = world.start();
    const good = jobs(GOOD, (n) => ({ does: "end", key: `key-${n % 50}` }));
    const sent: Sent[] = [];
    for (let index = 0; index < HOSTILE; index += 1) {
      await world.publish(good.slice(index * 2, index * 2 + 2));
      sent.push(await send(world, index));
    }
    await whenSettled(world.redis, "Worker");

    const letters = await lettersOf(world.redis, "Worker");
    const byEntry = new Map(letters.map((letter) => [letter.failure.entryId, letter]));
    assert.equal(byEntry.size, letters.length, "one dead letter for each entry");
    const dead = sent.filter(({ of }) => of.fate === "dead");
    for (const each of dead) assertIntact(byEntry.get(each.entryId), each);
    assert.equal(letters.length, dead.length, "nothing else was dead-lettered");

    const runs = world.runs();
    const expected = [...good.map(({ n }) => n), ...sent.filter(({ of }) => of.fate === "handled").map(({ n }) => n)];
    const ended = runs.filter(({ what }) => what === "end").map(({ n }) => n);
    assert.deepEqual(
      ended.toSorted((a, b) => a - b),
      expected,
      "handled, each once",
    );
    assert.ok(worker.isAlive, "the process lives on");
  } finally {
    await world.close();
  }
});

test("a hostile entry that is replayed is dead-lettered again, byte for byte, and counts its replays", async () => {
  const world = await createJobWorld({ settings: { claim_idle_ms: 30_000 } });
  try {
    defineScripts(world.redis);
    const deadLetters = createRedisDeadLetters(world.redis);
    const sent: Sent[] = [];
    for (const index of HOSTILE_CLASSES.keys()) sent.push(await send(world, index));
    const dead = sent.filter(({ of }) => of.fate === "dead");
    world.start();
    await whenSettled(world.redis, "Worker");
    for (const replays of [1, 2]) {
      const before = await lettersOf(world.redis, "Worker");
      for (const { id } of before) assert.equal(await deadLetters.replay(ADDRESS, id), "replayed");
      await whenSettled(world.redis, "Worker");
      const after = await lettersOf(world.redis, "Worker");
      assert.equal(after.length, dead.length);
      for (const each of dead) {
        const letter = after.find(({ failure }) => failure.entryId === each.entryId);
        assertIntact(letter, each);
        assert.equal(letter?.failure.replays, replays, each.of.name);
        assert.equal(letter?.failure.replayOf, before.find(({ failure }) => failure.entryId === each.entryId)?.id);
      }
    }
  } finally {
    await world.close();
  }
});
