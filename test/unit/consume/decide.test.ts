import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decide, type Outcome, type Result } from "../../../src/consume/decide.ts";
import { classify, CrashLimitError, retryDelayMs, type RetryPolicy } from "../../../src/consume/retry-policy.ts";
import {
  DiscardError,
  HandlerTimeoutError,
  InvalidMessageError,
  PermanentError,
  RetryAfterError,
} from "../../../src/errors.ts";
import { NO_HISTORY } from "./consume-world.ts";

class Foreign extends Error {}
class ForeignChild extends Foreign {}
class Picky extends Error {
  static override [Symbol.hasInstance](): boolean {
    throw new Error("no");
  }
}

const POLICY: RetryPolicy = {
  maxRetries: 2,
  baseMs: 1000,
  maxMs: 60_000,
  isDlqEnabled: true,
  retryOn: [],
  deadLetterOn: [],
  random: () => 0.5,
};

/** What matters of an outcome, in one word and its numbers. */
function short(outcome: Outcome): string {
  switch (outcome.kind) {
    case "ack":
      return `ack ${outcome.status} ${outcome.raised.length}`;
    case "discard":
      return `discard ${outcome.why}`;
    case "retry":
      return `retry ${outcome.failures} in ${outcome.delayMs}${outcome.isCounted ? "" : " uncounted"}`;
    case "dead_letter":
      return `dead-letter ${outcome.reason} ${outcome.failures}`;
    case "release":
    case "drop":
      return outcome.kind;
  }
}

const failed = (error: unknown): Result => ({ kind: "failed", error });
const entry = { stream: "s", fields: ["event", "{}"] };

interface Row {
  readonly when: string;
  readonly result: Result;
  readonly failures?: number;
  readonly isProbe?: boolean;
  readonly policy?: Partial<RetryPolicy>;
  readonly outcome: string;
}

const TABLE: readonly Row[] = [
  { when: "it succeeded", result: { kind: "succeeded", raised: [] }, outcome: "ack success 0" },
  {
    when: "it succeeded and raised events",
    result: { kind: "succeeded", raised: [entry, entry] },
    outcome: "ack success 2",
  },
  { when: "no method takes it", result: { kind: "unhandled" }, outcome: "ack unhandled 0" },
  { when: "a stop cut it short", result: { kind: "interrupted" }, failures: 2, outcome: "release" },
  { when: "another consumer has it", result: { kind: "lost" }, failures: 2, outcome: "drop" },
  { when: "it failed for the first time", result: failed(new Error("x")), outcome: "retry 1 in 500" },
  {
    when: "it failed on its last retry but one",
    result: failed(new Error("x")),
    failures: 1,
    outcome: "retry 2 in 1000",
  },
  {
    when: "it failed on its last retry",
    result: failed(new Error("x")),
    failures: 2,
    outcome: "dead-letter retries_exhausted 3",
  },
  {
    when: "no retries are allowed",
    result: failed(new Error("x")),
    policy: { maxRetries: 0 },
    outcome: "dead-letter retries_exhausted 1",
  },
  {
    when: "retries are exhausted and the DLQ is off",
    result: failed(new Error("x")),
    failures: 2,
    policy: { isDlqEnabled: false },
    outcome: "discard dlq_disabled",
  },
  { when: "it timed out", result: failed(new HandlerTimeoutError(5)), outcome: "retry 1 in 500" },
  {
    when: "it asked for more time than the backoff",
    result: failed(new RetryAfterError(7000)),
    outcome: "retry 1 in 7000",
  },
  {
    when: "it asked for less time than the backoff",
    result: failed(new RetryAfterError(1)),
    outcome: "retry 1 in 500",
  },
  { when: "it asked for no number", result: failed(new RetryAfterError(Number.NaN)), outcome: "retry 1 in 500" },
  { when: "it asked for ever", result: failed(new RetryAfterError(Infinity)), outcome: "retry 1 in 500" },
  {
    when: "it asked for time on its last retry",
    result: failed(new RetryAfterError(1)),
    failures: 2,
    outcome: "dead-letter retries_exhausted 3",
  },
  {
    when: "it can never succeed",
    result: failed(new PermanentError("x")),
    failures: 1,
    outcome: "dead-letter permanent_error 2",
  },
  {
    when: "it can never succeed and the DLQ is off",
    result: failed(new PermanentError("x")),
    policy: { isDlqEnabled: false },
    outcome: "discard dlq_disabled",
  },
  { when: "it is of no use", result: failed(new DiscardError("x")), failures: 2, outcome: "discard asked" },
  {
    when: "it is invalid",
    result: failed(new InvalidMessageError("x")),
    failures: 1,
    outcome: "dead-letter invalid_message 1",
  },
  { when: "its process died too often", result: failed(new CrashLimitError(3)), outcome: "dead-letter crash_limit 0" },
  {
    when: "a class is dead-lettered",
    result: failed(new ForeignChild("x")),
    policy: { deadLetterOn: [Foreign] },
    outcome: "dead-letter permanent_error 1",
  },
  {
    when: "a class is dead-lettered, and its child retried",
    result: failed(new ForeignChild("x")),
    policy: { deadLetterOn: [Foreign], retryOn: [ForeignChild] },
    outcome: "retry 1 in 500",
  },
  {
    when: "retryOn names PermanentError",
    result: failed(new PermanentError("x")),
    policy: { retryOn: [PermanentError] },
    outcome: "retry 1 in 500",
  },
  {
    when: "a class refuses to be compared",
    result: failed(new Error("x")),
    policy: { deadLetterOn: [Picky] },
    outcome: "retry 1 in 500",
  },
  { when: "a non-error was thrown", result: failed("text"), outcome: "retry 1 in 500" },
  { when: "undefined was thrown", result: failed(undefined), outcome: "retry 1 in 500" },
  { when: "a probe failed", result: failed(new Error("x")), isProbe: true, outcome: "retry 0 in 500 uncounted" },
  {
    when: "a probe failed that has no retries left",
    result: failed(new Error("x")),
    isProbe: true,
    failures: 2,
    outcome: "retry 2 in 1000 uncounted",
  },
  {
    when: "a probe can never succeed",
    result: failed(new PermanentError("x")),
    isProbe: true,
    outcome: "dead-letter permanent_error 1",
  },
];

describe("decide", () => {
  for (const { when, result, failures = 0, isProbe = false, policy, outcome } of TABLE) {
    it(`${outcome}, when ${when} after ${failures} failures`, () => {
      const decided = decide(result, { history: { ...NO_HISTORY, failures }, isProbe }, { ...POLICY, ...policy });
      assert.equal(short(decided), outcome);
    });
  }

  it("never counts a crash as a failure", () => {
    const outcome = decide(failed(new Error("x")), { history: { ...NO_HISTORY, crashes: 2 }, isProbe: false }, POLICY);
    assert.equal(short(outcome), "retry 1 in 500");
  });
});

describe("the delay before a retry", () => {
  it("doubles, keeps under its ceiling, and is full jitter", () => {
    const at = (failures: number, random: number): number =>
      retryDelayMs(null, failures, { ...POLICY, random: () => random });
    assert.deepEqual(
      [1, 2, 3, 7, 1000].map((failures) => at(failures, 0.999_999)),
      [999, 1999, 3999, 59_999, 59_999],
    );
    assert.equal(at(5, 0), 0);
  });

  it("is none where the profile asks for none", () => {
    assert.equal(retryDelayMs(null, 3, { ...POLICY, baseMs: 0, maxMs: 5000 }), 0);
  });
});

describe("classify", () => {
  it("knows its own errors before the classes of the application", () => {
    const policy = { ...POLICY, retryOn: [Error] };
    assert.equal(classify(new DiscardError("x"), policy), "discard");
    assert.equal(classify(new InvalidMessageError("x"), policy), "invalid");
    assert.equal(classify(new CrashLimitError(3), policy), "crash_limit");
    assert.equal(classify(new HandlerTimeoutError(1), { ...POLICY, deadLetterOn: [Error] }), "retryable");
  });
});
