import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DeadlineQueue } from "../../../src/primitives/deadline-queue.ts";
import { until } from "../../support/until.ts";

describe("a deadline queue", () => {
  it("lets items expire in the order they came, and not those that were taken out", async () => {
    const expired: string[] = [];
    const queue = new DeadlineQueue<string>(20, (item) => expired.push(item));
    const [, second] = ["a", "b", "c"].map((item) => queue.add(item));
    assert.ok(second);
    queue.delete(second);
    queue.delete(second);
    await until("both expired", () => expired.length === 2);
    assert.deepEqual(expired, ["a", "c"]);
    queue.delete(second);
  });

  it("goes on for items that come later, also when they come from an expiry", async () => {
    const expired: number[] = [];
    const queue = new DeadlineQueue<number>(5, (item) => {
      expired.push(item);
      if (item < 3) queue.add(item + 1);
    });
    queue.add(1);
    await until("three expired", () => expired.length === 3);
    queue.add(9);
    await until("the late one expired", () => expired.length === 4);
    assert.deepEqual(expired, [1, 2, 3, 9]);
  });

  it("lets nothing expire that is held when it is closed", async () => {
    const expired: string[] = [];
    const queue = new DeadlineQueue<string>(5, (item) => expired.push(item));
    queue.add("closed");
    queue.close();
    queue.add("later");
    await until("the later one expired", () => expired.length > 0);
    assert.deepEqual(expired, ["later"]);
  });
});
