import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nearestName } from "../../../src/config/nearest.ts";

describe("the nearest name", () => {
  const known = ["port", "host", "enabled", "messages_per_tick", "URI", "profile"];
  const cases: readonly (readonly [string, string | null])[] = [
    ["prot", "port"],
    ["PORT", "port"],
    ["enable", "enabled"],
    ["messagesPerTick", "messages_per_tick"],
    ["mesages-per-tik", "messages_per_tick"],
    ["url", "URI"],
    ["default_profile", "profile"],
    ["something", null],
    ["", null],
    ["x".repeat(500), null],
  ];
  for (const [name, expected] of cases) {
    test(`of ${name.slice(0, 20)} is ${expected}`, () => assert.equal(nearestName(name, known), expected));
  }
});
