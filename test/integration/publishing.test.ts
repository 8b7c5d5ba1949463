import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Redis } from "ioredis";
import { BrokerError, connect, Domain, resolveConfig, type Message } from "../../src/index.ts";
import { Noted, startRig } from "../support/engine-rig.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { append, deadLetters, drained, openControl } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

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

interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly n: number };
  readonly [attribute: string]: unknown;
}

async function eventsIn(stream: string): Promise<CloudEvent[]> {
  return (await redis.xrange(stream, "-", "+")).map(([, [field, value]]) => {
    assert.equal(field, "event", "one field");
    return JSON.parse(value ?? "") as CloudEvent;
  });
}

test("ids, correlation, causation and trace flow through a chain of three handlers", async () => {
  const seen: Message[] = [];
  const hop = (name: string, stream: string, to: string | null) => ({
    name,
    stream,
    handle(
      { n }: Noted,
      context: Parameters<NonNullable<Parameters<typeof startRig>[0]["handlers"][number]["handle"]>>[1],
    ) {
      seen.push(context.message);
      if (to !== null) context.publish(new Noted({ n: n + 1 }), { stream: to });
    },
  });
  const rig = await startRig({
    url: server.url,
    handlers: [hop("One", "one", "two"), hop("Two", "two", "three"), hop("Three", "three", null)],
  });
  try {
    const published = await rig.domain.publish(new Noted({ n: 1 }), { stream: "one", traceparent: TRACEPARENT });
    assert.match(published.id, UUID_V7);
    await until("the chain has run", () => seen.length === 3);
    const [one, two, three] = seen as [Message, Message, Message];
    assert.equal(one.id, published.id);
    assert.equal(one.entryId, published.entryId);
    assert.equal(one.causationId, undefined);
    assert.equal(two.causationId, one.id);
    assert.equal(three.causationId, two.id);
    for (const message of seen) {
      assert.match(message.id, UUID_V7);
      assert.equal(message.correlationId, published.id, "all share the first one's");
      assert.equal(message.traceparent?.slice(3, 35), TRACEPARENT.slice(3, 35), "one trace");
      assert.equal(message.source, "shop");
    }
    assert.equal(new Set(seen.map(({ id }) => id)).size, 3);
    const [event] = await eventsIn("two");
    assert.equal(event?.["specversion"], "1.0");
    assert.equal(event?.["datacontenttype"], "application/json");
    assert.deepEqual(event?.data, { n: 2 });
  } finally {
    await rig.engine.stop();
  }
});

test("what a handler publishes appears only once it has succeeded, and never of a run that failed", async () => {
  let isOpen = false;
  const rig = await startRig({
    url: server.url,
    handlers: [
      {
        name: "Maker",
        stream: "raw",
        config: { maxRetries: 1 },
        async handle({ n }, context) {
          context.publish(new Noted({ n: n * 10 }), { stream: "made" });
          await until("the gate opens", () => isOpen, { everyMs: 5 });
          if (n === 1 && context.attempt === 1) throw new Error("once");
          if (n === 2) throw new Error("always");
        },
      },
    ],
  });
  try {
    await append(redis, "raw", 0, 3);
    await until("all are in hand", () => rig.runsOf("Maker").distinct === 3);
    assert.equal(await redis.xlen("made"), 0, "nothing before the end");
    isOpen = true;
    await drained(redis, "raw", "shop.Maker");
    assert.deepEqual(
      (await eventsIn("made")).map(({ data }) => data.n).toSorted((a, b) => a - b),
      [0, 10],
    );
    assert.equal((await deadLetters(redis, "raw", "shop.Maker")).length, 1);
    const first = await eventsIn("made");
    await redis.xgroup("SETID", "raw", "shop.Maker", "0");
    await until("all have run once more", () => rig.runsOf("Maker").of(0) === 2 && rig.runsOf("Maker").of(1) >= 3);
    await until("they are published again", async () => (await redis.xlen("made")) === 4);
    const again = (await eventsIn("made")).slice(2);
    assert.deepEqual(
      new Map(again.map(({ id, data }) => [data.n, id])),
      new Map(first.map(({ id, data }) => [data.n, id])),
      "with the ids of the first time",
    );
  } finally {
    isOpen = true;
    await rig.engine.stop();
  }
});

/** A domain connected for publishing alone. */
async function publisherOn(url: string): Promise<Domain> {
  const domain = new Domain("shop");
  domain.aggregate("Note", { category: "note", events: [Noted] });
  await connect(
    domain,
    resolveConfig({ brokers: { default: { provider: "redis", URI: url } }, logging: { level: "silent" } }),
  );
  return domain;
}

test("publishing to a Redis that is down rejects as transient, and appends nothing later", async (t) => {
  const own = await startRedis({ appendonly: true });
  t.after(() => own.stop());
  const domain = await publisherOn(own.url);
  const control = openControl(own.url);
  t.after(() => control.disconnect());
  try {
    await domain.publish(new Noted({ n: 1 }));
    await own.kill9();
    const errors: unknown[] = [];
    for (let n = 2; n < 5; n += 1)
      errors.push(
        await domain.publish(new Noted({ n })).then(
          () => assert.fail("published"),
          (error: unknown) => error,
        ),
      );
    for (const error of errors) {
      assert.ok(error instanceof BrokerError);
      assert.ok(error.isTransient);
      assert.equal(error.code, "ENGINE_BROKER_UNAVAILABLE");
    }
    await own.restart();
    const published = await until("it publishes again", () => domain.publish(new Noted({ n: 9 })).catch(() => null));
    assert.match(published.id, UUID_V7);
    const entries = await control.xrange("note", "-", "+");
    assert.deepEqual(
      entries.map(([, [, event]]) => (JSON.parse(event ?? "") as CloudEvent).data.n),
      [1, 9],
    );
  } finally {
    await domain.close();
  }
});

test("publishing whose answer is lost rejects with an unknown outcome, and is not sent a second time", async () => {
  const proxy = await startTcpProxy(server.port);
  const domain = await publisherOn(`redis://127.0.0.1:${proxy.port}`);
  try {
    await redis.del("note");
    await domain.publish(new Noted({ n: 1 }));
    assert.equal(proxy.pauseDown(), 1);
    const publishing = domain.publish(new Noted({ n: 2 }), { id: "0192f0c1-2222-7000-8000-000000000002" }).then(
      () => null,
      (error: unknown) => error,
    );
    await until("the server has it", async () => (await redis.xlen("note")) === 2);
    assert.equal(proxy.resetAll(), 1);
    const error = await publishing;
    assert.ok(error instanceof BrokerError, String(error));
    assert.ok(error.isTransient);
    assert.ok(error.isOutcomeUnknown);
    // The connection is back: whatever was to be sent again would be sent by now, ahead of this one.
    await until("it publishes again", () => domain.publish(new Noted({ n: 3 })).catch(() => null));
    assert.deepEqual(
      (await eventsIn("note")).map(({ data }) => data.n),
      [1, 2, 3],
    );
  } finally {
    await domain.close();
    await proxy.close();
  }
});

test("publishing into a frozen connection rejects in bounded time, with an unknown outcome", async () => {
  const proxy = await startTcpProxy(server.port);
  const domain = await publisherOn(`redis://127.0.0.1:${proxy.port}`);
  try {
    assert.equal(proxy.pause(), 1);
    const startedMs = performance.now();
    const error: unknown = await domain.publish(new Noted({ n: 2 })).then(
      () => null,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof BrokerError, String(error));
    assert.ok(error.isTransient && error.isOutcomeUnknown);
    assert.ok(performance.now() - startedMs < 15_000);
  } finally {
    await domain.close();
    await proxy.close();
  }
});
