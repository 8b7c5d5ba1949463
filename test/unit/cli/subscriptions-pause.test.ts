import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defineHandler, on } from "../../../src/domain/define-handler.ts";
import { Domain } from "../../../src/domain/domain.ts";
import { anyObject } from "../consume/consume-world.ts";
import { Event } from "../../../src/domain/elements.ts";
import type { Pause } from "../../../src/ports/control.ts";
import { createWorld, type World } from "./cli-world.ts";

class Placed extends Event("Placed", anyObject) {}

const CONTROL = "{shop}:control";
const NOW = Date.parse("2026-11-03T12:00:00.000Z");

function shopWorld(): World {
  const domain = new Domain("shop");
  for (const name of ["Audit", "Mail"])
    domain.register(
      defineHandler(
        { name, stream: "order" },
        on(Placed, () => undefined),
      ),
    );
  return createWorld({ domain, clock: { now: () => NOW, monotonicMs: () => NOW } });
}

function pauses(world: World): Promise<readonly Pause[]> {
  return world.adapter.control.list(CONTROL);
}

function audits(world: World): Record<string, unknown>[] {
  return world.log.lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ audit }) => audit === true);
}

async function join(world: World, consumer: string): Promise<void> {
  const member = world.adapter.broker.createConsumer({
    stream: "order",
    group: "shop.Audit",
    consumer,
    startFrom: "0",
  });
  await member.ensureGroups();
  await member.read(1, 0);
}

describe("engine subscriptions pause", () => {
  it("leaves the order in the broker: who, when and why; and an audit line", async () => {
    const world = shopWorld();
    assert.equal(await world.run("subscriptions", "pause", "Audit", "--domain=app", "--reason=repair", "--json"), 0);
    const [order] = await pauses(world);
    assert.match(order?.by ?? "", /^.+@.+$/);
    assert.deepEqual(
      { ...order, by: null },
      { subscription: "shop.Audit", consumer: null, by: null, at: "2026-11-03T12:00:00.000Z", reason: "repair" },
    );
    assert.deepEqual(JSON.parse(world.stdout.text), { action: "pause", ...order, was_paused: false });
    const [line] = audits(world);
    assert.deepEqual(
      [line?.["action"], line?.["subscription"], line?.["reason"]],
      ["subscriptions.pause", "shop.Audit", "repair"],
    );
    assert.ok(line?.["user"] !== undefined && line["host"] !== undefined);
  });

  it("says in words what will happen, also a second time", async () => {
    const world = shopWorld();
    await world.run("subscriptions", "pause", "shop.Audit", "--domain=app");
    await world.run("subscriptions", "pause", "shop.Audit", "--domain=app");
    assert.match(world.stdout.lines[0] ?? "", /^shop\.Audit is paused in every process: /);
    assert.match(world.stdout.lines[1] ?? "", /^shop\.Audit is still paused in every process: /);
  });

  it("refuses a name that is none, and a process that is not there", async () => {
    const world = shopWorld();
    await join(world, "host:1:aa");
    assert.equal(await world.run("subscriptions", "pause", "Audit", "--domain=app", "--consumer=host:2:bb"), 2);
    assert.match(world.stderr.text, /no process called "host:2:bb" reads for shop\.Audit[\s\S]*host:1:aa/);
    assert.equal(await world.run("subscriptions", "pause", "Audid", "--domain=app"), 2);
    assert.match(world.stderr.text, /no subscription is called "Audid"[\s\S]*Did you mean/);
    assert.deepEqual(await pauses(world), []);
  });

  it("refuses to go without a domain, and with options of `subscriptions` itself", async () => {
    const world = shopWorld();
    assert.equal(await world.run("subscriptions", "pause", "Audit"), 2);
    assert.match(world.stderr.text, /required option '--domain/);
    assert.equal(await world.run("subscriptions", "pause", "Audit", "--domain=app", "--watch"), 2);
    assert.match(world.stderr.text, /--watch does not go with pause/);
    assert.deepEqual(await pauses(world), []);
  });

  it("pauses one process", async () => {
    const world = shopWorld();
    await join(world, "host:1:aa");
    assert.equal(await world.run("subscriptions", "pause", "Audit", "--domain=app", "--consumer=host:1:aa"), 0);
    assert.deepEqual(
      (await pauses(world)).map(({ consumer }) => consumer),
      ["host:1:aa"],
    );
  });
});

describe("engine subscriptions resume", () => {
  it("takes every pause of the subscription back, and no other's", async () => {
    const world = shopWorld();
    await world.run("subscriptions", "pause", "Audit", "--domain=app");
    await world.adapter.control.pause(CONTROL, {
      subscription: "shop.Audit",
      consumer: "host:1:aa",
      by: null,
      at: null,
      reason: null,
    });
    await world.run("subscriptions", "pause", "Mail", "--domain=app");
    assert.equal(await world.run("subscriptions", "resume", "Audit", "--domain=app"), 0);
    assert.deepEqual(
      (await pauses(world)).map(({ subscription }) => subscription),
      ["shop.Mail"],
    );
    assert.equal(audits(world).at(-1)?.["resumed"], 2);
  });

  it("takes back that of one process, and says that the fleet's is in force still", async () => {
    const world = shopWorld();
    await world.run("subscriptions", "pause", "Audit", "--domain=app");
    await world.adapter.control.pause(CONTROL, {
      subscription: "shop.Audit",
      consumer: "host:1:aa",
      by: null,
      at: null,
      reason: null,
    });
    await world.run("subscriptions", "resume", "Audit", "--domain=app", "--consumer=host:1:aa");
    assert.deepEqual(
      (await pauses(world)).map(({ consumer }) => consumer),
      [null],
    );
    assert.match(world.stderr.text, /still paused in every process/);
  });

  it("says so where nothing was paused, and takes a pause away whose subscription is gone", async () => {
    const world = shopWorld();
    await world.run("subscriptions", "resume", "Audit", "--domain=app");
    assert.match(world.stdout.lines[0] ?? "", /was not paused/);
    await world.adapter.control.pause(CONTROL, {
      subscription: "shop.Old",
      consumer: null,
      by: null,
      at: null,
      reason: null,
    });
    assert.equal(await world.run("subscriptions", "resume", "shop.Old", "--domain=app"), 0);
    assert.deepEqual(await pauses(world), []);
  });
});

describe("engine subscriptions", () => {
  it("shows who paused what, since when and why; and `no` for the others", async () => {
    const world = shopWorld();
    await world.run("subscriptions", "pause", "Audit", "--domain=app", "--reason=repair");
    await world.run("subscriptions", "--domain=app");
    const rows = world.stdout.lines.slice(-2);
    assert.match(rows[0] ?? "", /^shop\.Audit .* since 2026-11-03T12:00:00\.000Z by .+: repair/);
    assert.match(rows[1] ?? "", /^shop\.Mail .* no +/);
  });
});
