import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createDeferred } from "../../../src/primitives/deferred.ts";
import { until } from "../../support/until.ts";
import { createWorld } from "./consume-world.ts";

describe("a renewal that is answered together with an ack", () => {
  it("does not call lost what the ack has settled", async () => {
    const acked = createDeferred();
    let isAcking = false;
    let renewals = 0;
    const world = createWorld({
      settings: { claimIdleMs: 30 },
      handle: async () => undefined,
      over: () => ({
        ack: async () => {
          isAcking = true;
          await acked.promise;
          return 0;
        },
        extend: async (deliveries) => {
          if (!isAcking) return [];
          renewals += 1;
          acked.resolve();
          return deliveries;
        },
      }),
    });
    await world.publish("a", "b");
    await world.start();
    await until("a renewal met the ack", () => renewals > 0);
    await until("nothing is held", () => world.subscription.isIdle);
    await world.stop();
    assert.equal(world.log.has("lost the lease"), false);
  });
});
