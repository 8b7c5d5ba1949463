/**
 * One handler class on one stream: a member of a consumer group. Loop read → process, bounded, ordered per key.
 *
 *   new → starting → running → quiet → draining → stopped
 *
 * running may be paused, and resumed (pausing.ts). quiet: no new reads; what waits its turn is handed back. draining: what runs may finish until the deadline, then its
 * signal aborts, and what is still unfinished is handed back, uncounted.
 */
import type { SubscriptionStatus } from "../health/status.ts";
import type { Delivery } from "../ports/broker.ts";
import { createAckBatch } from "./ack-batch.ts";
import { createCapacity } from "./capacity.ts";
import { createCircuitBreaker } from "./circuit-breaker.ts";
import { createCounts } from "./counts.ts";
import { createDispatcher } from "./dispatch.ts";
import { drain, releaseIdle } from "./drain.ts";
import type { FailureSubject } from "./failure-record.ts";
import { createGate } from "./gate.ts";
import { createHoldings } from "./held.ts";
import { messageOf } from "./hold.ts";
import { createIntake } from "./intake.ts";
import { runRenewal, runTakeover } from "./keep-leases.ts";
import { createObserve } from "./observe.ts";
import { createPausing } from "./pausing.ts";
import type { ProcessSteps } from "./process.ts";
import { createReadLoop } from "./read.ts";
import { retryPolicyOf } from "./retry-policy.ts";
import { lose, run, type RunOptions } from "./run.ts";
import { createSchedule } from "./schedule.ts";
import { createSettle } from "./settle.ts";
import { traceDeliveries } from "./trace-deliveries.ts";
import type { SubscriptionOptions, SubscriptionState, Subscription } from "./subscription-contract.ts";

export type { Subscription, SubscriptionOptions } from "./subscription-contract.ts";

const START_IDS: Readonly<Record<string, string>> = { earliest: "0", latest: "$" };

export function createSubscription(options: SubscriptionOptions): Subscription {
  const { model, settings, broker, log, clock } = options;
  const reading = new AbortController();
  const renewing = new AbortController();
  const settling = new AbortController();
  const subject: FailureSubject = {
    subscription: model.name,
    handler: model.handlerName,
    consumer: options.consumerName,
    stream: model.stream,
    redact: options.redact,
  };
  const holdOptions = { model, maxMessageBytes: options.maxMessageBytes, maxCrashes: settings.maxCrashes };
  const policy = retryPolicyOf(model, settings);
  const holdings = createHoldings();
  const counts = createCounts();
  const capacity = createCapacity(settings);
  let state: SubscriptionState = "new";
  let runningAtStop = 0;
  /** What brings deliveries in. */
  let intakeLoops: Promise<unknown> = Promise.resolve();
  let renewal: Promise<void> = Promise.resolve();

  const consumer = broker.createConsumer({
    stream: model.stream,
    group: model.name,
    consumer: options.consumerName,
    startFrom: START_IDS[model.startFrom] ?? model.startFrom,
  });
  const breaker = createCircuitBreaker({
    threshold: settings.circuitBreakerThreshold,
    resetMs: settings.circuitBreakerResetSeconds * 1000,
    onChange(circuit) {
      log[circuit.state === "open" ? "error" : "info"]({ ...circuit }, `circuit ${circuit.state}`);
      schedule.pump();
      readLoop.poke();
    },
  });
  const dispatcher = createDispatcher({
    model,
    methods: model.createMethods(),
    timeoutMs: settings.handlerTimeoutSeconds * 1000,
    scope: { subscription: model.name, log, prepare: options.prepare },
  });
  const acks = createAckBatch({
    consumer,
    log,
    onAcked(batch, fenced) {
      for (const held of batch) holdings.forget(held);
      counts.add("fenced", fenced);
      readLoop.poke();
    },
  });
  const settle = createSettle({
    broker,
    consumer,
    acks,
    clock,
    log,
    subject,
    signal: settling.signal,
    isStopping,
    count: (settled) => counts.settled(settled),
    forget: (held) => holdings.forget(held),
  });
  const steps: ProcessSteps = {
    decode: messageOf,
    dispatch: (message) => dispatcher.dispatch(message),
    handle: (handler, message, held) => dispatcher.handle(handler, message, held),
    observe: createObserve({ policy, breaker, counts }),
    settle,
    policy,
  };
  const traced = options.tracing
    ? traceDeliveries({
        tracing: options.tracing,
        stream: model.stream,
        subscription: model.name,
        consumer: options.consumerName,
        steps,
      })
    : null;
  const schedule = createSchedule({
    limit: () => gate.runLimit(),
    start(held) {
      options.onRun?.();
      void run(held, runOptions);
    },
  });
  const runOptions: RunOptions = {
    consumer,
    schedule,
    breaker,
    capacity,
    counts,
    log,
    steps: traced?.steps ?? steps,
    redact: options.redact,
    isStopping,
    isPaused: () => pausing.mark !== null,
    suspectTurn: options.suspectTurn,
    whenAcked: () => acks.whenSent(),
    onOver() {
      pausing.settleDown();
      readLoop.poke();
    },
  };
  const intake = createIntake({ consumer, holdings, schedule, capacity, counts, clock, log, subject, holdOptions });
  const drainOptions = { schedule, holdings, acks, consumer, settling, log, intakeEnded: () => intakeLoops };
  const pausing = createPausing({
    log,
    stopReading: () => (state === "running" ? consumer.wake() : Promise.resolve()),
    handBack: () => releaseIdle(drainOptions),
    readOn() {
      readLoop.recoverSoon();
      readLoop.poke();
    },
  });
  const gate = createGate({
    isOpen: () => state === "running" && pausing.mark === null,
    isShedding: options.isShedding ?? (() => false),
    breaker,
    capacity,
    holdings,
    schedule: () => schedule,
    concurrency: settings.concurrency,
  });
  const readLoop = createReadLoop({
    consumer,
    log,
    wanted: (arriving) => gate.wanted(arriving),
    signal: reading.signal,
    blockMs: settings.blockingTimeoutMs,
    isHeld: (lane, entryId) => holdings.has({ lane, entryId }),
    onNew(deliveries) {
      if (traced)
        traced.receive(
          deliveries,
          () => intake.takeIn(deliveries),
          (delivery) => holdings.get(delivery),
        );
      else intake.takeIn(deliveries);
      pausing.settleDown();
    },
    onRecovered: (claimed) => intake.takeBack(claimed).finally(() => pausing.settleDown()),
    onGroupsMade(count) {
      counts.add("groupsRecreated", count);
      log.error(
        "the consumer group had vanished and was made again: whatever the broker lost with it is not delivered",
      );
    },
  });

  function isStopping(): boolean {
    return state !== "running";
  }

  function onLost(reported: readonly Delivery[]): void {
    setImmediate(() => {
      const lost = reported.flatMap((delivery) => holdings.get(delivery) ?? []);
      if (lost.length === 0) return;
      log.warn(
        { messages: lost.length, first: lost[0]?.delivery.entryId },
        "lost the lease on held messages: they are another consumer's now",
      );
      for (const held of lost) lose(held);
    });
  }

  async function quiet(): Promise<number> {
    if (state !== "running") return 0;
    state = "quiet";
    runningAtStop = schedule.running;
    reading.abort();
    await consumer.wake();
    return releaseIdle(drainOptions);
  }

  function healthOf(): SubscriptionStatus["status"] {
    if (state === "stopped") return "stopped";
    if (state === "new" || state === "starting") return "starting";
    const readBudgetMs = settings.blockingTimeoutMs + Math.max(5000, 2 * settings.blockingTimeoutMs);
    if (state === "running" && performance.now() - readLoop.lastTurnMs > 3 * readBudgetMs) return "stalled";
    return readLoop.isFailing ? "disconnected" : "ok";
  }

  return {
    model,
    settings,
    async start(signal) {
      state = "starting";
      await consumer.ensureGroups();
      if (signal.aborted) return;
      state = "running";
      const leases = { consumer, log, claimIdleMs: settings.claimIdleMs };
      const takeover = runTakeover({
        ...leases,
        signal: reading.signal,
        room: () => gate.claimable(),
        onClaimed: (claimed) => intake.takeOver(claimed).finally(() => pausing.settleDown()),
        onUncertain: () => readLoop.recoverSoon(),
      });
      intakeLoops = Promise.all([readLoop.run(), takeover]);
      renewal = runRenewal({
        ...leases,
        signal: renewing.signal,
        held: () => [...holdings.all()].map((held) => held.delivery),
        onLost,
      });
    },
    setPause: (mark) => pausing.set(mark),
    poke: () => readLoop.poke(),
    quiet,
    async drain(deadline) {
      if (state === "stopped") return { finished: 0, cancelled: 0, released: 0 };
      await quiet();
      state = "draining";
      breaker.close();
      const report = await drain(drainOptions, deadline);
      renewing.abort();
      await Promise.all([intakeLoops, renewal]);
      dispatcher.close();
      await consumer.close();
      state = "stopped";
      return { ...report, finished: runningAtStop - report.cancelled };
    },
    status: () => ({
      name: model.name,
      handlerName: model.handlerName,
      subscriptionType: "stream",
      stream: model.stream,
      profile: options.profile,
      circuitState: breaker.circuit.state,
      status: healthOf(),
      paused: pausing.mark,
      inFlight: schedule.running,
      held: holdings.size,
      counts: counts.snapshot({ readerRestarts: consumer.state.readerRestarts, abandoned: dispatcher.abandoned }),
    }),
    durations: () => counts.durations(),
    get circuit() {
      return breaker.circuit;
    },
    get isIdle() {
      return holdings.size === 0;
    },
    get isPaused() {
      return pausing.mark !== null;
    },
  };
}
