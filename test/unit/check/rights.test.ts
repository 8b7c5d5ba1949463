import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { requiredCommands } from "../../../src/adapters/redis/rights.ts";

const SCRIPTS = new URL("../../../src/adapters/redis/scripts/", import.meta.url);

describe("the rights that --live asks for", () => {
  it("cover every command of every script", () => {
    const asked = new Set(
      requiredCommands({
        addresses: [{ stream: "order", group: "shop.Audit" }],
        leases: ["{shop}:lease:x"],
        controls: ["{shop}:control"],
      }).map(([name]) => name),
    );
    const used = readdirSync(SCRIPTS).flatMap((file) =>
      [...readFileSync(new URL(file, SCRIPTS), "utf8").matchAll(/redis\.p?call\('([A-Z]+)'/g)].map(
        ([, name]) => name ?? "",
      ),
    );
    assert.ok(used.length > 20);
    assert.deepEqual(
      [...new Set(used)].filter((name) => !asked.has(name)),
      [],
    );
  });

  it("cover every companion key and lease", () => {
    const words = requiredCommands({
      addresses: [{ stream: "order", group: "shop.Audit" }],
      leases: ["{shop}:lease:x"],
      controls: ["{shop}:control"],
    }).flat();
    for (const key of [
      "order",
      "{order}:dlq:shop.Audit",
      "{order}:replay:shop.Audit",
      "{order}:history:shop.Audit",
      "{order}:replay-history:shop.Audit",
      "{shop}:lease:x",
    ]) {
      assert.ok(words.includes(key), key);
    }
  });
});
