import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resolveConfig } from "../../../src/config/define.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { EngineConfig } from "../../../src/config/settings.ts";
import { createCleanShop, createShop, inFolder, OrderPaid, OrderPlaced, type Shop } from "../check/planted.ts";
import { createWorld, type World } from "./cli-world.ts";

function worldOf(shop: Shop, config?: EngineConfig | (() => EngineConfig)): World {
  const world = createWorld({ domain: shop.domain });
  if (config !== undefined)
    Object.assign(world.context, { loadConfig: typeof config === "function" ? config : () => config });
  return world;
}

const unhandled = (): Shop =>
  createShop([OrderPlaced, OrderPaid]).handler({ name: "Audit", stream: "order" }, OrderPlaced);
const broken = (): Shop =>
  createShop().handler({ name: "Audit", stream: "order", subscriptionProfile: "nonsense" }, OrderPlaced);

describe("engine check", () => {
  it("exits with 0 and says so where nothing is found", async () => {
    const world = worldOf(createCleanShop());
    assert.equal(await world.run("check", "--domain=app"), 0);
    assert.equal(world.stdout.text, "0 errors, 0 warnings, 0 info\n");
    assert.match(world.stderr.text, /ENGINE_ENV is not set: rules for production did not apply/);
  });

  it("exits with 0 at warnings, and with 1 when strict", async () => {
    assert.equal(await worldOf(unhandled()).run("check", "--domain=app"), 0);
    assert.equal(await worldOf(unhandled()).run("check", "--domain=app", "--strict"), 1);
  });

  it("exits with 1 at errors, grouped by rule with what to do", async () => {
    const world = worldOf(broken());
    assert.equal(await world.run("check", "--domain=app"), 1);
    assert.match(
      world.stdout.text,
      /^error CHECK_HANDLER_SETTINGS {2}settings of a handler that are invalid\n {2}- .*nonsense/m,
    );
    assert.match(world.stdout.text, /^ {2}fix: Correct/m);
  });

  it("fits the terminal", async () => {
    const world = createWorld({ domain: unhandled().domain, terminalColumns: 60 });
    await world.run("check", "--domain=app");
    // eslint-disable-next-line no-control-regex -- colours are what is taken out
    for (const line of world.stdout.lines) assert.ok(line.replaceAll(/\u001b\[\d+m/g, "").length <= 70, line);
    assert.ok(world.stdout.lines.length > 5);
  });

  it("writes nothing but the document in machine formats", async () => {
    for (const format of ["json", "sarif"]) {
      const world = worldOf(unhandled());
      assert.equal(await world.run("check", "--domain=app", `--format=${format}`), 0);
      assert.match(JSON.stringify(JSON.parse(world.stdout.text)), /CHECK_EVENT_UNHANDLED/);
    }
    const github = worldOf(unhandled());
    await github.run("check", "--domain=app", "--format=github");
    assert.match(github.stdout.text, /^::warning title=CHECK_EVENT_UNHANDLED%3A[^\n]*\n$/);
  });

  it("reports an invalid configuration with its lines in machine formats, and exits with 2", async () => {
    await inFolder({ "domain.toml": "[server]\nprot = 1\n[server.dlq]\nretention_hours = -1\n" }, async (cwd) => {
      const world = worldOf(createCleanShop(), () => loadConfig({ cwd, env: {} }));
      assert.equal(await world.run("check", "--domain=app", "--format=github"), 2);
      assert.match(
        world.stdout.text,
        /^::error file=domain\.toml,line=2,title=CHECK_INVALID[^\n]*\n::error file=domain\.toml,line=4,/,
      );
      const text = worldOf(createCleanShop(), () => loadConfig({ cwd, env: {} }));
      assert.equal(await text.run("check", "--domain=app"), 2);
      assert.match(text.stderr.text, /ENGINE_CONFIG_INVALID/);
    });
  });

  it("reports a domain that contradicts itself, and exits with 2", async () => {
    const world = worldOf(createCleanShop().handler({ name: "Audit", stream: "order" }, OrderPlaced));
    assert.equal(await world.run("check", "--domain=app", "--format=json"), 2);
    assert.match(world.stdout.text, /two handlers are called shop\.Audit/);
  });

  it("refuses --live with the embedded broker", async () => {
    const world = worldOf(createCleanShop(), resolveConfig({}));
    assert.equal(await world.run("check", "--domain=app", "--live"), 2);
    assert.match(world.stderr.text, /ENGINE_BROKER_UNSHARED/);
  });

  it("asks the broker with --live, closes it, and finds what this build would not handle", async () => {
    const world = worldOf(createCleanShop());
    const data = (payload: object): string[] => ["type", "OrderPlaced", "data", JSON.stringify(payload)];
    await world.adapter.broker.append([
      { stream: "order", fields: data({ orderId: "1", total: 5 }) },
      { stream: "order", fields: data({ orderId: "2", total: "5" }) },
    ]);
    assert.equal(await world.run("check", "--domain=app", "--live", "--format=json"), 1);
    const { findings } = JSON.parse(world.stdout.text) as { findings: { code: string; message: string }[] };
    const found = findings.find(({ code }) => code === "CHECK_IN_FLIGHT_INVALID");
    assert.match(
      found?.message ?? "",
      /shop\.Audit: 1 of 2 undelivered messages \(OrderPlaced\): OrderPlaced does not fit its schema: total/,
    );
  });
});
