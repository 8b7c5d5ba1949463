import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { defineHandler, on } from "../../../src/domain/define-handler.ts";
import { Domain } from "../../../src/domain/domain.ts";
import { Event } from "../../../src/domain/elements.ts";
import { createWorld } from "./cli-world.ts";

describe("engine config show", () => {
  it("prints TOML without a password", async () => {
    const world = createWorld();
    assert.equal(await world.run("config", "show"), 0);
    assert.match(
      world.stdout.text,
      /^\[brokers\.default\]\nprovider = "redis"\nURI = "redis:\/\/user:\*\*\*@127\.0\.0\.1:1\/0"$/m,
    );
    assert.doesNotMatch(world.stdout.text, /s3cret/);
  });

  it("prints JSON", async () => {
    const world = createWorld();
    await world.run("config", "show", "--json");
    const shown = JSON.parse(world.stdout.text) as { server: { health: { port: number } } };
    assert.equal(shown.server.health.port, 8080);
  });
});

describe("engine config explain", () => {
  it("shows every value with what set it", async () => {
    const world = createWorld();
    assert.equal(await world.run("config", "explain"), 0);
    assert.match(world.stdout.text, /^server\.shutdown_timeout_seconds +10 +default$/m);
  });

  it("names the handler that was probably meant", async () => {
    const domain = new Domain("shop");
    const world = createWorld({ domain });
    assert.equal(await world.run("config", "explain", "--handler=AuditHandler", "--domain=app"), 2);
    assert.match(world.stderr.text, /the domain shop has no handler "AuditHandler"/);
  });

  it("counts what the handler sets in code", async () => {
    const domain = new Domain("shop");
    class OrderPlaced extends Event("OrderPlaced", z.object({})) {}
    const options = { name: "Audit", stream: "order", subscriptionConfig: { messagesPerTick: 7 } };
    domain.register(
      defineHandler(
        options,
        on(OrderPlaced, () => undefined),
      ),
    );
    const world = createWorld({ domain });
    for (const name of ["Audit", "shop.Audit"]) {
      assert.equal(await world.run("config", "explain", `--handler=${name}`, "--domain=app"), 0);
    }
    assert.equal(world.stdout.text.match(/^messages_per_tick +7 +code/gm)?.length, 2);
  });
});
