import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  describeError,
  failureOf,
  failureOfMissing,
  fingerprintOf,
  type FailureSubject,
} from "../../../src/consume/failure-record.ts";
import { heldWith, NO_HISTORY } from "./consume-world.ts";

const SUBJECT: FailureSubject = {
  subscription: "shop.Audit",
  handler: "Audit",
  consumer: "me",
  stream: "order",
  redact: (text) => text.replaceAll("hunter2", "***"),
};
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

function failure(error: unknown, held = heldWith({ key: "k" })): ReturnType<typeof failureOf> {
  return failureOf({ held, error, reason: "retries_exhausted", failures: 3, method: "record", nowMs: NOW }, SUBJECT);
}

describe("a failure record", () => {
  it("says who failed what, how often and since when", () => {
    const held = heldWith({ key: "k" });
    held.delivery = {
      ...held.delivery,
      history: { ...NO_HISTORY, crashes: 1, firstFailedAt: "2026-01-01T00:00:00.000Z" },
    };
    const { error, fingerprint, engineVersion, ...rest } = failure(new TypeError("x"), held);
    assert.deepEqual(rest, {
      reason: "retries_exhausted",
      attempts: 4,
      firstFailedAt: "2026-01-01T00:00:00.000Z",
      deadLetteredAt: "2026-01-02T03:04:05.000Z",
      subscription: "shop.Audit",
      handler: "Audit",
      method: "record",
      consumer: "me",
      stream: "order",
      entryId: "1-0",
      eventId: "id-1-0",
      eventType: "Placed",
      key: "k",
      replayOf: undefined,
      replays: undefined,
    });
    assert.equal(error.name, "TypeError");
    assert.match(fingerprint, /^[0-9a-f]{12}$/);
  });

  it("keeps the original entry's id after a replay", () => {
    const held = heldWith();
    held.delivery = {
      ...held.delivery,
      lane: "replay",
      entryId: "9-0",
      replay: { replayOf: "5-0", replays: 2, entryId: "1-0", stream: "order" },
    };
    const { entryId, replayOf, replays } = failure(new Error("x"), held);
    assert.deepEqual([entryId, replayOf, replays], ["1-0", "5-0", 2]);
  });

  it("of a missing entry has its id, and no attempt", () => {
    const record = failureOfMissing({ lane: "replay", entryId: "7-0" }, NOW, SUBJECT);
    assert.deepEqual([record.reason, record.entryId, record.attempts], ["missing", "7-0", 0]);
    assert.match(record.error.message, /replay stream/);
  });
});

describe("an error's description", () => {
  const same = (text: string): string => text;

  it("goes through redaction wherever there is text: message, stack, causes", () => {
    const error = new Error("password hunter2", { cause: new Error("at redis://u:hunter2@h", { cause: "hunter2" }) });
    const text = JSON.stringify(describeError(error, SUBJECT.redact));
    assert.ok(!text.includes("hunter2"));
    assert.equal(describeError(error, SUBJECT.redact).cause?.length, 2);
  });

  it("is bounded", () => {
    let error = new Error("innermost");
    for (let i = 0; i < 100; i += 1) error = new Error("m".repeat(100_000), { cause: error });
    error.name = "N".repeat(100_000);
    error.stack = "s".repeat(1_000_000);
    assert.ok(JSON.stringify(describeError(Object.assign(error, { code: "c".repeat(100_000) }), same)).length < 30_000);
  });

  it("has a code of text or number, and no other", () => {
    const codeOf = (code: unknown): unknown => describeError(Object.assign(new Error("x"), { code }), same).code;
    assert.deepEqual(
      [codeOf("ECONNRESET"), codeOf(42), codeOf({}), codeOf(undefined)],
      ["ECONNRESET", "42", undefined, undefined],
    );
  });

  it("names what is no error", () => {
    assert.deepEqual(describeError("text", same), { name: "NonError", message: "text" });
    assert.equal(describeError(undefined, same).message, "undefined");
  });
});

describe("a fingerprint", () => {
  const of = (message: string, stack = "", name = "Error"): string => fingerprintOf({ name, message, stack });

  it("is the same for messages that differ in ids, numbers and quoted values", () => {
    const ids = ["9b2f1c3e-1111-4222-8333-abcdefabcdef", "0a1b2c3d-4444-4555-8666-fedcbafedcba"];
    assert.equal(of(`order ${ids[0]} not found`), of(`order ${ids[1]} not found`));
    assert.equal(of("row 17 of 20"), of("row 4 of 9"));
    assert.equal(of('no product "chair"'), of('no product "table leg"'));
  });

  it("differs by name, message and place", () => {
    const here = "Error: x\n    at ship (/app/a.ts:1:2)";
    const there = "Error: x\n    at pack (/app/a.ts:9:9)";
    assert.equal(new Set([of("x"), of("y"), of("x", "", "TypeError"), of("x", here), of("x", there)]).size, 5);
    assert.equal(of("x", here), of("x", here.replace("1:2", "80:3")));
  });
});
