import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { healthHandler } from "../../../src/health/handler.ts";
import { createStatus, createSubscription } from "../health/engine-status.ts";
import { addDeadLetter, createWorld } from "./cli-world.ts";

const AUDIT = { stream: "order", group: "shop.AuditHandler" };

async function runningEngine(t: TestContext): Promise<string> {
  const status = createStatus({ subscriptions: [createSubscription({ circuitState: "open" })] });
  const server = createServer(healthHandler({ status: () => status })).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("engine subscriptions", () => {
  it("shows the groups of a stream; what only the engine knows is unknown", async () => {
    const world = createWorld();
    await addDeadLetter(world.adapter, AUDIT);
    await world.adapter.broker.append([{ stream: "order", fields: ["event", "{}"] }]);
    assert.equal(await world.run("subscriptions", "--stream=order", "--json"), 0);
    const { subscriptions } = JSON.parse(world.stdout.text) as { subscriptions: Record<string, unknown>[] };
    assert.equal(subscriptions.length, 1);
    const [row] = subscriptions;
    assert.deepEqual(
      [row?.["name"], row?.["lag"], row?.["pending"], row?.["dlq_depth"]],
      ["shop.AuditHandler", 1, 0, 1],
    );
    assert.deepEqual([row?.["circuit_state"], row?.["paused"], row?.["status"]], [null, null, null]);
  });

  it("asks a running engine for the rest", async (t) => {
    const world = createWorld();
    await addDeadLetter(world.adapter, AUDIT);
    await world.run("subscriptions", "--stream=order", `--health=${await runningEngine(t)}`);
    assert.match(world.stdout.lines[1] ?? "", /^shop\.AuditHandler +order .* open +no +ok$/);
  });

  it("says that the engine did not answer, and shows what the broker knows", async () => {
    const world = createWorld();
    await addDeadLetter(world.adapter, AUDIT);
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    assert.equal(await world.run("subscriptions", "--stream=order", `--health=http://127.0.0.1:${port}`), 0);
    assert.match(world.stdout.text, /shop\.AuditHandler/);
    assert.match(world.stderr.text, /did not answer: fetch failed: .*ECONNREFUSED/);
  });

  it("looks again with --watch until Ctrl-C, then exits with 0", async () => {
    const world = createWorld();
    await addDeadLetter(world.adapter, AUDIT);
    const inspect = world.adapter.admin.inspect.bind(world.adapter.admin);
    world.adapter.admin.inspect = async (address) => {
      setImmediate(() => world.host.emit("SIGINT"));
      return inspect(address);
    };
    assert.equal(await world.run("subscriptions", "--stream=order", "--watch", "--json"), 0);
    assert.ok(world.stdout.lines.length <= 1);
    for (const line of world.stdout.lines) JSON.parse(line);
  });

  it("refuses a health address that is no URL", async () => {
    assert.equal(await createWorld().run("subscriptions", "--stream=order", "--health=localhost:8080"), 2);
  });
});
