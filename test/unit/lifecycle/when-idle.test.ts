import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMemoryAdapter, type MemoryAdapter } from "../../../src/adapters/memory/adapter.ts";
import { whenIdle, type IdleSubject } from "../../../src/lifecycle/when-idle.ts";

const STREAM = "order";

async function subject(adapter: MemoryAdapter, name: string, over: Partial<IdleSubject>): Promise<IdleSubject> {
  await adapter.broker.createConsumer({ stream: STREAM, group: name, consumer: "c", startFrom: "0" }).ensureGroups();
  return {
    model: { name, stream: STREAM },
    circuit: { state: "closed", failedProbes: 0 },
    isIdle: true,
    isPaused: false,
    ...over,
  };
}

describe("whenIdle", () => {
  it("does not wait for a subscription that is paused with work left, and names it", async () => {
    const adapter = createMemoryAdapter("default");
    const paused = await subject(adapter, "shop.A", { isPaused: true });
    await adapter.broker.append([{ stream: STREAM, fields: ["a", "1"] }]);
    const signal = AbortSignal.timeout(10_000);
    assert.deepEqual(await whenIdle({ subscriptions: [paused], admin: adapter.admin, signal }), {
      kind: "paused",
      subscriptions: ["shop.A"],
    });
  });

  it("takes one that is paused and has nothing left for drained", async () => {
    const adapter = createMemoryAdapter("default");
    const paused = await subject(adapter, "shop.A", { isPaused: true });
    const signal = AbortSignal.timeout(10_000);
    assert.deepEqual(await whenIdle({ subscriptions: [paused], admin: adapter.admin, signal }), { kind: "drained" });
  });

  it("waits for what still runs, of a paused one as of others", async () => {
    const adapter = createMemoryAdapter("default");
    const running = await subject(adapter, "shop.A", { isPaused: true, isIdle: false });
    await adapter.broker.append([{ stream: STREAM, fields: ["a", "1"] }]);
    const signal = AbortSignal.timeout(300);
    assert.deepEqual(await whenIdle({ subscriptions: [running], admin: adapter.admin, signal }), { kind: "aborted" });
    const busy = await subject(adapter, "shop.B", {});
    const paused = await subject(adapter, "shop.C", { isPaused: true });
    const result = await whenIdle({
      subscriptions: [busy, paused],
      admin: adapter.admin,
      signal: AbortSignal.timeout(300),
    });
    assert.deepEqual(result, { kind: "aborted" });
  });
});
