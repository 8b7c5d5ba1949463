import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { after, describe, it } from "node:test";
import { createMemoryAdapter, type MemoryAdapter } from "../../src/adapters/memory/adapter.ts";
import type { ConfigInput } from "../../src/config/define.ts";
import { defineHandler, on } from "../../src/domain/define-handler.ts";
import { Domain } from "../../src/domain/domain.ts";
import { connect, createEngine, type Engine, type EngineOptions } from "../../src/engine.ts";
import { BrokerError, EngineError, ERROR_CODES } from "../../src/errors.ts";
import type { Broker } from "../../src/ports/broker.ts";
import type { Control, Pause } from "../../src/ports/control.ts";
import { createDeferred } from "../../src/primitives/deferred.ts";
import { until } from "../support/until.ts";
import { LogLines, Placed, type Handle } from "./consume/consume-world.ts";

const CONFIG: ConfigInput = { server: { health: { enabled: false }, shutdown_timeout_seconds: 5 } };

function domainWith(handle: Handle): Domain {
  const domain = new Domain("shop");
  const Order = domain.aggregate("Order", { events: [Placed] });
  return domain.register(
    defineHandler(
      { name: "Audit", partOf: Order, subscriptionConfig: { retryDelaySeconds: 0, blockingTimeoutMs: 50 } },
      on(Placed, handle),
    ),
  );
}

async function engineWith(
  handle: Handle,
  options: EngineOptions = {},
  config: ConfigInput = CONFIG,
): Promise<Engine & { readonly lines: LogLines }> {
  const lines = new LogLines();
  const engine = await createEngine(domainWith(handle), config, { logger: lines.logger, ...options });
  after(() => engine.stop());
  return Object.assign(engine, { lines });
}

/** An adapter whose broker is partly another, and that notes how often it was closed. */
function adapterOver(changes: (real: Broker) => Partial<Broker>): MemoryAdapter & { closed(): number } {
  const adapter = createMemoryAdapter("default");
  let closed = 0;
  const broker: Broker = {
    ...adapter.broker,
    ...changes(adapter.broker),
    async close() {
      closed += 1;
      await adapter.broker.close();
    },
  };
  return { ...adapter, broker, closed: () => closed };
}

const invalidState = (error: unknown): boolean => error instanceof EngineError && error.code === "ENGINE_STATE_INVALID";

describe("an engine", () => {
  it("handles what is published, and knows when it is idle", async () => {
    const handled: unknown[] = [];
    const engine = await engineWith(async (event) => void handled.push(event["id"]));
    await engine.start();
    await engine.domain.publishAll(["a", "b", "c"].map((id) => new Placed({ id })));
    assert.deepEqual(await engine.whenIdle(), { kind: "drained" });
    assert.deepEqual(handled, ["a", "b", "c"]);
    assert.equal(engine.status().subscriptions[0]?.counts.succeeded, 3);
    await engine.stop();
    assert.equal(engine.status().state, "stopped");
  });

  it("asks for pauses before it reads: one that is paused meanwhile reads nothing", async () => {
    const handled: unknown[] = [];
    const adapter = createMemoryAdapter("default");
    const answer = createDeferred<readonly Pause[]>();
    let isFirst = true;
    const control: Control = {
      ...adapter.control,
      list(name) {
        if (!isFirst) return adapter.control.list(name);
        isFirst = false;
        return answer.promise;
      },
    };
    const engine = await engineWith(async (event) => void handled.push(event["id"]), {
      brokers: { default: { ...adapter, control } },
    });
    const order: Pause = { subscription: "shop.Audit", consumer: null, by: "alice", at: null, reason: "repair" };
    await adapter.control.pause("{shop}:control", order);
    await adapter.broker.append([{ stream: "order", fields: ["type", "Placed", "data", '{"id":"a"}'] }]);
    const starting = engine.start();
    await until("it asked", () => !isFirst);
    const reads = performance.now() + 200;
    await until("time passes", () => performance.now() > reads);
    answer.resolve([order]);
    await starting;
    assert.deepEqual(engine.status().subscriptions[0]?.paused, { by: "alice", at: null, reason: "repair" });
    assert.deepEqual(await engine.whenIdle(), { kind: "paused", subscriptions: ["shop.Audit"] });
    assert.deepEqual(handled, []);
    assert.equal((await adapter.admin.inspect({ stream: "order", group: "shop.Audit" })).pending, 0);
    await engine.stop();
  });

  it("starts once", async () => {
    const engine = await engineWith(async () => undefined);
    const first = engine.start();
    await assert.rejects(engine.start(), invalidState);
    await first;
    await assert.rejects(engine.start(), invalidState);
    await engine.stop();
    await assert.rejects(engine.start(), invalidState);
  });

  it("stops before it was started, and does not start any more", async () => {
    const engine = await engineWith(async () => undefined);
    const report = await engine.stop();
    assert.ok(report.steps.every(({ outcome }) => outcome === "ok"));
    await assert.rejects(engine.start(), invalidState);
  });

  it("gives every caller of stop the same report", async () => {
    const engine = await engineWith(async () => undefined);
    await engine.start();
    const [one, two] = await Promise.all([engine.stop(), engine.stop()]);
    assert.equal(one, two);
    assert.equal(await engine.stop(), one);
  });

  for (const [phase, changes] of [
    [
      "it connects",
      (gate: Promise<void>) => (real: Broker) => ({
        connect: async (...args: Parameters<Broker["connect"]>) => {
          await gate;
          return real.connect(...args);
        },
      }),
    ],
    [
      "its groups are made",
      (gate: Promise<void>) => (real: Broker) => ({
        createConsumer(address: Parameters<Broker["createConsumer"]>[0]) {
          const consumer = real.createConsumer(address);
          return new Proxy(consumer, {
            get: (target, name) =>
              name === "ensureGroups" ? () => gate.then(() => target.ensureGroups()) : bound(target, name),
          });
        },
      }),
    ],
  ] as const) {
    it(`stops while ${phase}: the start resolves, and nothing runs`, async () => {
      const gate = createDeferred();
      const adapter = adapterOver(changes(gate.promise));
      const engine = await engineWith(async () => assert.fail("handled"), { brokers: { default: adapter } });
      const starting = engine.start();
      const stopping = engine.stop();
      gate.resolve();
      await Promise.all([starting, stopping]);
      await adapter.broker.append([{ stream: "order", fields: ["type", "Placed", "data", "{}"] }]);
      assert.equal(engine.status().state, "stopped");
    });
  }

  it("closes everything again when it cannot start, in one shutdown, and says why", async () => {
    const adapter = adapterOver(() => ({
      connect: () => Promise.reject(new EngineError("ENGINE_BROKER_UNAVAILABLE", "nobody there")),
    }));
    const engine = await engineWith(
      async () => undefined,
      { brokers: { default: adapter } },
      { server: { health: { port: 0 } } },
    );
    await assert.rejects(engine.start(), /nobody there/);
    assert.deepEqual([engine.status().state, engine.healthUrl], ["failed", null]);
    await engine.stop();
    assert.equal(engine.status().state, "failed", "a stop afterwards changes nothing");
  });

  it("closes everything again when a subscription fails half way, while others have begun", async () => {
    let made = 0;
    const adapter = adapterOver((real) => ({
      createConsumer(address) {
        const consumer = real.createConsumer(address);
        made += 1;
        const isSecond = made === 2;
        return new Proxy(consumer, {
          get: (target, name) =>
            isSecond && name === "ensureGroups"
              ? () => Promise.reject(new BrokerError("WRONGTYPE", { isTransient: false }))
              : bound(target, name),
        });
      },
    }));
    const domain = domainWith(async () => undefined).register(
      defineHandler(
        { name: "Second", stream: "other" },
        on(Placed, () => undefined),
      ),
    );
    const engine = await createEngine(domain, CONFIG, { logger: new LogLines().logger, brokers: { default: adapter } });
    await assert.rejects(engine.start(), /WRONGTYPE/);
    assert.deepEqual(
      engine.status().subscriptions.map(({ status }) => status),
      ["stopped", "stopped"],
    );
    const { consumers } = await adapter.admin.inspect({ stream: "order", group: "shop.Audit" });
    assert.deepEqual(consumers, []);
  });

  it("never closes an adapter it was given", async () => {
    const adapter = adapterOver(() => ({}));
    const engine = await engineWith(async () => undefined, { brokers: { default: adapter } });
    await engine.start();
    await engine.stop();
    const domain = domainWith(async () => undefined);
    await connect(domain, CONFIG, { brokers: { default: adapter }, logger: new LogLines().logger });
    await domain.publish(new Placed({ id: "1" }));
    await domain.close();
    assert.equal(adapter.closed(), 0);
  });

  it("ends a wait for idleness when it stops", async () => {
    const gate = createDeferred();
    const engine = await engineWith(async () => gate.promise);
    await engine.start();
    await engine.domain.publish(new Placed({ id: "1" }));
    const idle = engine.whenIdle();
    await until("it runs", () => engine.status().subscriptions[0]?.inFlight === 1);
    const stopping = engine.stop();
    assert.deepEqual(await idle, { kind: "aborted" });
    gate.resolve();
    await stopping;
    assert.deepEqual(await engine.whenIdle(), { kind: "aborted" });
  });

  it("reports what a stop finished, cancelled and released", async () => {
    const gate = createDeferred();
    const engine = await engineWith(
      async (event) => (event["id"] === "quick" ? gate.promise : new Promise(() => undefined)),
      {},
      {
        server: { health: { enabled: false }, shutdown_timeout_seconds: 1 },
      },
    );
    await engine.start();
    for (const id of ["quick", "stubborn", "stubborn"]) await engine.domain.publish(new Placed({ id }));
    await until("all are held", () => engine.status().subscriptions[0]?.held === 3);
    const stopping = engine.stop();
    gate.resolve();
    const { finished, cancelled, released } = await stopping;
    assert.deepEqual({ finished, cancelled, released }, { finished: 1, cancelled: 1, released: 2 });
  });

  it("goes on with its shutdown when a step fails", async () => {
    const adapter = adapterOver((real) => ({
      createConsumer: (address) =>
        new Proxy(real.createConsumer(address), {
          get: (target, name) => (name === "wake" ? () => Promise.reject(new Error("no wake")) : bound(target, name)),
        }),
    }));
    const engine = await engineWith(
      async () => undefined,
      { brokers: { default: adapter } },
      { server: { health: { port: 0 } } },
    );
    await engine.start();
    const report = await engine.stop();
    assert.deepEqual(
      report.steps.filter(({ outcome }) => outcome === "failed").map(({ name, error }) => [name, error]),
      [["stop reading", "no wake"]],
    );
    assert.equal(engine.healthUrl, null);
  });

  it("takes its health server's port, and gives it back", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as AddressInfo;
    const refused = await engineWith(async () => undefined, {}, { server: { health: { port } } });
    await assert.rejects(refused.start(), { code: "ENGINE_PORT_IN_USE" });
    await new Promise((resolve) => taken.close(resolve));
    const engine = await engineWith(async () => undefined, {}, { server: { health: { port } } });
    await engine.start();
    assert.equal(engine.healthUrl, `http://127.0.0.1:${port}`);
    await engine.stop();
  });
});

describe("connect", () => {
  it("closes what it opened when it cannot connect", async () => {
    const domain = domainWith(async () => undefined);
    const config: ConfigInput = {
      brokers: { default: { provider: "redis", URI: "redis://127.0.0.1:1" } },
      server: { start_timeout_seconds: 1 },
    };
    const handles = (): number => process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP")).length;
    const before = handles();
    await assert.rejects(connect(domain, config, { logger: new LogLines().logger }), {
      code: "ENGINE_BROKER_UNAVAILABLE",
    });
    await until("no connection is tried any more", () => handles() <= before);
    await assert.rejects(domain.publish(new Placed({ id: "1" })), { code: "ENGINE_PUBLISH_NOT_CONNECTED" });
  });
});

describe("an engine that is made and never started", () => {
  it("has opened no connection", async () => {
    let connections = 0;
    const server = createServer(() => (connections += 1)).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const URI = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const engine = await engineWith(
      async () => undefined,
      {},
      { ...CONFIG, brokers: { default: { provider: "redis", URI } } },
    );
    await new Promise((resolve) => setImmediate(resolve));
    await engine.stop();
    await new Promise((resolve) => server.close(resolve));
    assert.equal(connections, 0);
  });
});

describe("error codes", () => {
  it("have an area and a problem, and a sentence each", () => {
    for (const [code, sentence] of Object.entries(ERROR_CODES)) {
      assert.match(code, /^ENGINE(?:_[A-Z]+)+$/);
      assert.match(sentence, /\.$/);
    }
  });
});

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === "function" ? (value as () => unknown).bind(target) : value;
}
