/* oxlint-disable typescript/only-throw-error -- users throw anything */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkBytes, hold, messageOf, type HoldOptions } from "../../../src/consume/hold.ts";
import { createHoldings } from "../../../src/consume/held.ts";
import { CrashLimitError } from "../../../src/consume/retry-policy.ts";
import type { SubscriptionModel } from "../../../src/domain/model.ts";
import { InvalidMessageError } from "../../../src/errors.ts";
import type { Consumer, Delivery } from "../../../src/ports/broker.ts";
import { heldWith, NO_HISTORY } from "./consume-world.ts";

const optionsWith = (decode?: unknown): HoldOptions => ({
  model: { stream: "order", decode } as unknown as SubscriptionModel,
  maxMessageBytes: 1000,
  maxCrashes: 3,
});
const deliveryWith = (overrides: Partial<Delivery> = {}): Delivery => ({
  lane: "main",
  entryId: "1-0",
  fields: ["type", "Placed", "data", "{}", "subject", "k"],
  history: NO_HISTORY,
  ...overrides,
});

describe("hold", () => {
  it("decodes once, for the key", () => {
    const held = hold(deliveryWith(), optionsWith());
    assert.deepEqual([held.key, held.isSuspect, held.notBeforeMs], ["k", false, 0]);
    assert.equal(messageOf(held).type, "Placed");
  });

  it("keeps what cannot be decoded, with its reason", () => {
    const held = hold(deliveryWith({ fields: ["type", "x"] }), optionsWith());
    assert.equal(held.key, null);
    assert.throws(() => messageOf(held), InvalidMessageError);
  });

  it("suspects what a lost consumer held, and condemns what killed its process too often, unparsed", () => {
    const crashed = (crashes: number, isCrashProven: boolean): Delivery =>
      deliveryWith({ history: { ...NO_HISTORY, crashes, isCrashProven } });
    assert.equal(hold(crashed(1, false), optionsWith()).isSuspect, true);
    assert.equal(hold(crashed(3, false), optionsWith()).isSuspect, true, "three times in the same batch is no proof");
    assert.equal(hold(crashed(2, true), optionsWith()).isSuspect, true);
    const decode = (): never => assert.fail("parsed");
    const condemned = hold(crashed(3, true), optionsWith(decode));
    assert.equal(condemned.isSuspect, false);
    assert.throws(() => messageOf(condemned), CrashLimitError);
  });

  it("waits what is left of a backoff", () => {
    const held = hold(deliveryWith({ history: { ...NO_HISTORY, delayMs: 5000 } }), optionsWith());
    assert.ok(held.notBeforeMs > performance.now() + 4000);
  });

  it("makes an invalid message of whatever a foreign decode does wrong", () => {
    const wrong: readonly unknown[] = [
      () => {
        throw new Error("x");
      },
      () => {
        throw null;
      },
      () => undefined,
      () => ({ type: "" }),
      () => ({ type: 5, data: 1 }),
      async () => Promise.reject(new Error("unheard")),
    ];
    for (const decode of wrong)
      assert.throws(() => messageOf(hold(deliveryWith(), optionsWith(decode))), InvalidMessageError);
  });

  it("gives a foreign entry without an id one of its own, the same on every delivery", () => {
    const decode = (): object => ({ type: "T", data: 1 });
    const ids = ["main", "main"].map(
      (lane) => messageOf(hold(deliveryWith({ lane: lane as "main" }), optionsWith(decode))).id,
    );
    assert.deepEqual(ids, ["order/1-0", "order/1-0"]);
  });
});

describe("bytes behind replaced characters", () => {
  const rawly = (values: readonly Uint8Array[] | null): Consumer =>
    ({ rawFields: async () => values }) as unknown as Consumer;

  it("are asked for only where there are any", () => {
    const fields = (text: string): Delivery => deliveryWith({ fields: ["type", "T", "data", JSON.stringify(text)] });
    assert.equal(hold(fields("plain é 👩‍🚀"), optionsWith()).needsByteCheck, false);
    assert.equal(hold(fields("\uFFFD"), optionsWith()).needsByteCheck, true);
  });

  it("make the message invalid when they are not UTF-8, and leave a real U+FFFD alone", async () => {
    const broken = heldWith();
    await checkBytes(broken, rawly([Buffer.from([0xff])]));
    assert.throws(() => messageOf(broken), InvalidMessageError);
    for (const values of [[Buffer.from("\uFFFD")], null]) {
      const real = heldWith();
      await checkBytes(real, rawly(values));
      assert.equal(messageOf(real).type, "Placed");
    }
  });
});

describe("holdings", () => {
  it("tell the lanes apart, and count bytes", () => {
    const holdings = createHoldings();
    const main = heldWith();
    const replay = heldWith();
    replay.delivery = { ...replay.delivery, lane: "replay" };
    holdings.add(main);
    holdings.add(replay);
    assert.deepEqual([holdings.size, holdings.bytes], [2, 20]);
    holdings.forget(main);
    holdings.forget(main);
    assert.deepEqual(
      [holdings.size, holdings.bytes, holdings.has(replay.delivery), holdings.has(main.delivery)],
      [1, 10, true, false],
    );
  });

  it("let a newer delivery take the place of a lost one, which takes nothing with it", () => {
    const holdings = createHoldings();
    const lost = heldWith({ bytes: 7 });
    const newer = heldWith();
    holdings.add(lost);
    holdings.add(newer);
    holdings.forget(lost);
    assert.deepEqual([holdings.get(newer.delivery), holdings.bytes], [newer, 10]);
  });
});
