/**
 * Outcome → ack | retry | dead-letter | release. The only caller of those broker methods.
 *
 * What the broker refuses is tried again, with backoff, while the lease is renewed: until it succeeds, or the
 * engine stops and the message is handed back.
 */
import type { Logger } from "pino";
import { BrokerError } from "../errors.ts";
import type { Broker, Consumer, DeadLetterResult } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import { sleep } from "../primitives/abort.ts";
import { backoffMs } from "../primitives/backoff.ts";
import { traceIdsOf } from "../telemetry/tracing.ts";
import type { AckBatch } from "./ack-batch.ts";
import type { Outcome } from "./decide.ts";
import { describeError, failureOf, type FailureSubject } from "./failure-record.ts";
import type { Held } from "./held.ts";

const RETRY = { baseMs: 100, maxMs: 5000 };

/** What is to be done with a delivery after its run. */
export type Disposition =
  /** It is settled, or on its way to be acked. */
  | { readonly kind: "settled" }
  /** It stays held, and runs again after the delay. */
  | { readonly kind: "parked"; readonly delayMs: number }
  /** The engine is stopping: it stays held, to be handed back. */
  | { readonly kind: "unfinished" };

const SETTLED: Disposition = { kind: "settled" };
const UNFINISHED: Disposition = { kind: "unfinished" };

/** What happened to a message in the end: for counts. */
export type Settled = "succeeded" | "unhandled" | "discarded" | "dead_lettered" | "fenced" | "gone";

export interface SettleOptions {
  readonly broker: Broker;
  readonly consumer: Consumer;
  readonly acks: AckBatch;
  readonly clock: Clock;
  readonly log: Logger;
  readonly subject: FailureSubject;
  /** Aborts when the engine gives up what is unfinished. */
  readonly signal: AbortSignal;
  readonly isStopping: () => boolean;
  /** Counts it. */
  readonly count: (settled: Settled) => void;
  /** It is no longer held. */
  readonly forget: (held: Held) => void;
}

export type Settle = (held: Held, outcome: Outcome, method: string | undefined) => Promise<Disposition> | Disposition;

export function createSettle(options: SettleOptions): Settle {
  const { consumer, acks, log, subject, clock } = options;

  function end(held: Held, settled: Settled): Disposition {
    options.count(settled);
    options.forget(held);
    return SETTLED;
  }

  /** Repeats a call while the broker refuses it: until it succeeds, the lease is lost, or the engine stops. */
  async function persistently(what: string, held: Held, call: () => Promise<Disposition>): Promise<Disposition> {
    for (let failures = 1; ; failures += 1) {
      if (held.isLost) return end(held, "fenced");
      try {
        return await call();
      } catch (error) {
        if (error instanceof BrokerError && error.isGroupGone) return end(held, "gone");
        log.warn({ err: error, ...idsOf(held), failures }, `${what} failed: trying again`);
        const waited = await sleep(RETRY.baseMs + backoffMs(failures, RETRY), options.signal);
        if (!waited) return UNFINISHED;
      }
    }
  }

  function ack(held: Held, settled: Settled): Disposition {
    options.count(settled);
    acks.add(held);
    return SETTLED;
  }

  function publishThenAck(held: Held, outcome: Outcome & { kind: "ack" }): Promise<Disposition> {
    return persistently("publishing what the handler raised", held, async () => {
      await options.broker.append(outcome.raised);
      return ack(held, "succeeded");
    });
  }

  function deadLetter(
    held: Held,
    outcome: Outcome & { kind: "dead_letter" },
    method: string | undefined,
  ): Promise<Disposition> {
    const failure = failureOf({ ...outcome, held, method, nowMs: clock.now() }, subject);
    const text = JSON.stringify(failure);
    return persistently("dead-lettering", held, async () => {
      const result = await consumer.deadLetter(held.delivery, text);
      if (result === "moved") {
        const { reason, error, fingerprint, attempts } = failure;
        log.error({ ...idsOf(held), reason, error, fingerprint, attempts }, "dead-lettered");
      }
      return end(held, SETTLED_BY[result]);
    });
  }

  async function retry(held: Held, outcome: Outcome & { kind: "retry" }): Promise<Disposition> {
    const { delayMs, failures, isCounted } = outcome;
    const { history } = held.delivery;
    const firstFailedAt = history.firstFailedAt ?? new Date(clock.now()).toISOString();
    held.delivery = {
      ...held.delivery,
      history: { ...history, failures, firstFailedAt, isCrashProven: false, delayMs },
    };
    const error = describeError(outcome.error, subject.redact);
    log.warn(
      { ...idsOf(held), error, failures, retryInMs: delayMs },
      isCounted ? "handler failed: will retry" : "the circuit's probe failed: will retry, uncounted",
    );
    try {
      const record = { failures, crashes: history.crashes, firstFailedAt, delayMs };
      if (!(await consumer.recordFailure(held.delivery, record))) return end(held, "fenced");
    } catch (cause) {
      // Ours all the same, and counted in memory: the next failure is recorded with this one.
      log.warn({ err: cause, ...idsOf(held) }, "the failure could not be recorded in the broker");
    }
    return options.isStopping() ? UNFINISHED : { kind: "parked", delayMs };
  }

  return (held, outcome, method) => {
    switch (outcome.kind) {
      case "ack":
        if (outcome.raised.length > 0) return publishThenAck(held, outcome);
        return ack(held, outcome.status === "success" ? "succeeded" : "unhandled");
      case "discard":
        log.warn(
          { ...idsOf(held), error: describeError(outcome.error, subject.redact), why: outcome.why },
          "discarded",
        );
        return ack(held, "discarded");
      case "retry":
        return retry(held, outcome);
      case "dead_letter":
        return deadLetter(held, outcome, method);
      case "release":
        return UNFINISHED;
      case "drop":
        return end(held, "fenced");
    }
  };
}

const SETTLED_BY: Readonly<Record<DeadLetterResult, Settled>> = {
  moved: "dead_lettered",
  gone: "gone",
  fenced: "fenced",
};

/** The ids that every log line about a message carries. */
function idsOf(held: Held): object {
  const { delivery, decoded } = held;
  const message = decoded.kind === "message" ? decoded.message : null;
  return {
    entryId: delivery.entryId,
    lane: delivery.lane,
    messageId: message?.id,
    messageType: message?.type,
    key: message?.key,
    correlationId: message?.correlationId,
    traceId: traceIdsOf(message?.traceparent)?.traceId,
  };
}
