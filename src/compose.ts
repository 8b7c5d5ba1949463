/** The composition root: configuration → adapters → services. With testing/ the only file that imports adapters. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Logger } from "pino";
import { createMemoryAdapter } from "./adapters/memory/adapter.ts";
import { createRedisAdapter } from "./adapters/redis/adapter.ts";
import { ConfigError } from "./config/faults.ts";
import { resolveSubscription, unknownSubscriptionSections } from "./config/explain.ts";
import { redactText } from "./config/redact.ts";
import type { BrokerSettings, EngineConfig } from "./config/settings.ts";
import { currentContext } from "./consume/current-context.ts";
import { createSubscription, type Subscription } from "./consume/subscription.ts";
import type { DomainModel } from "./domain/model.ts";
import type { EngineStatus } from "./health/status.ts";
import { createLoadShedding, type LoadShedding } from "./lifecycle/load-shedding.ts";
import { createLoopWatchdog, type LoopWatchdog } from "./lifecycle/loop-watchdog.ts";
import { createBrokerMonitor, type BrokerMonitor } from "./maintenance/broker-monitor.ts";
import { createControlWatch, type ControlWatch } from "./maintenance/control-watch.ts";
import { createConsumerReaper } from "./maintenance/consumer-reaper.ts";
import { createDeadLetterKeeper, type AlertCallback, type DeadLetterKeeper } from "./maintenance/dead-letter-keeper.ts";
import { createLagSampler, type LagSampler } from "./maintenance/lag-sampler.ts";
import type { PeriodicService } from "./maintenance/periodic.ts";
import { createStreamTrimmer, type TrimmedStream } from "./maintenance/stream-trimmer.ts";
import { controlName, deadLetterStream, leaseName } from "./message/names.ts";
import type { Message } from "./message/message.ts";
import type { BrokerAdapter } from "./ports/broker-adapter.ts";
import type { GroupAddress } from "./ports/broker-admin.ts";
import { systemClock } from "./primitives/system-clock.ts";
import { createSemaphore } from "./primitives/semaphore.ts";
import { createPublisher, derivedEventId, type PreparingPublisher } from "./publish/publisher.ts";
import { tracePublisher } from "./publish/traced-publisher.ts";
import type { EventLoopDelay } from "./telemetry/event-loop-delay.ts";
import type { DeadLetterFigures, MetricFamily } from "./telemetry/metric.ts";
import { readMetrics } from "./telemetry/metrics.ts";
import { createProcessLoad } from "./telemetry/process-load.ts";
import type { Tracing } from "./telemetry/tracing.ts";

const LAG_INTERVAL_MS = 10_000;
const REAP_INTERVAL_MS = 5 * 60_000;
/**
 * A consumer that was silent for so long is taken for gone. Redis does not count reads that stay empty, so a living one on a
 * quiet stream may lose its name as well: its next delivery makes it again.
 */
const MIN_SILENT_MS = 60 * 60_000;
const MS_PER_HOUR = 3_600_000;

/** The adapter for one `[brokers.<name>]`. Nothing is opened before `broker.connect`. */
export function createBrokerAdapter(name: string, settings: BrokerSettings, log: Logger): BrokerAdapter {
  switch (settings.provider) {
    case "memory":
      return createMemoryAdapter(name);
    case "redis":
      return createRedisAdapter({ ...settings, name, uri: settings.uri ?? "", log });
  }
}

export interface Composition {
  readonly publisher: PreparingPublisher;
  readonly subscriptions: readonly Subscription[];
  readonly monitor: BrokerMonitor;
  readonly sampler: LagSampler;
  readonly keeper: DeadLetterKeeper | null;
  readonly control: ControlWatch;
  /** Null where it is off. */
  readonly loadShedding: LoadShedding | null;
  readonly watchdog: LoopWatchdog | null;
  /** Every maintenance job, in the order of their start. */
  readonly maintenance: readonly PeriodicService[];
  /** Every metric as it stands; asks nobody. */
  readMetrics(status: EngineStatus, eventLoopDelay: EventLoopDelay | null): readonly MetricFamily[];
}

export interface CompositionInput {
  readonly model: DomainModel;
  readonly config: EngineConfig;
  readonly adapter: BrokerAdapter;
  readonly log: Logger;
  readonly alertCallback: AlertCallback | null;
  /** Null: no traces. */
  readonly tracing: Tracing | null;
}

export function compose(input: CompositionInput): Composition {
  const { model, config, adapter, log } = input;
  const publisher = composePublisher(model, config, { adapter, tracing: input.tracing });
  const consumerName = `${hostname()}:${process.pid}:${randomBytes(4).toString("hex")}`;
  const watchdog = composeWatchdog(input);
  const loadShedding = composeLoadShedding(input, () => subscriptions);
  const subscriptions = composeSubscriptions(input, publisher, { consumerName, loadShedding, watchdog });
  const groups = subscriptions.map(({ model: { stream, name }, settings }) => ({
    stream,
    group: name,
    silentMs: Math.max(MIN_SILENT_MS, settings.claimIdleMs * 10),
  }));
  const monitor = createBrokerMonitor([adapter.broker], log);
  const sampler = createLagSampler({
    groups,
    admin: adapter.admin,
    deadLetters: adapter.deadLetters,
    intervalMs: LAG_INTERVAL_MS,
    log,
  });
  const reaper = createConsumerReaper({ groups, admin: adapter.admin, intervalMs: REAP_INTERVAL_MS, log });
  const keeper = composeKeeper(input, subscriptions, consumerName);
  const trimmer = composeTrimmer(input, subscriptions, consumerName);
  const control = createControlWatch({
    control: adapter.control,
    name: controlName(model.name),
    consumerName,
    subscriptions,
    log,
  });
  const maintenance = [monitor, sampler, reaper, keeper, trimmer, control].filter((service) => service !== null);
  return {
    publisher,
    subscriptions,
    monitor,
    sampler,
    keeper,
    control,
    loadShedding,
    watchdog,
    maintenance,
    readMetrics: (status, eventLoopDelay) =>
      readMetrics({
        status,
        eventLoopDelay,
        durations: new Map(subscriptions.map((each) => [each.model.name, each.durations()])),
        deadLetters: new Map(groups.map((group) => [group.group, deadLetterFigures(group, sampler, keeper)])),
        brokerConnections: new Map([[adapter.broker.name, adapter.broker.activeConnections ?? null]]),
      }),
  };
}

/** The publisher of a domain on its default broker. */
export function composePublisher(
  model: DomainModel,
  config: EngineConfig,
  { adapter, tracing }: PublisherInput,
): PreparingPublisher {
  const currentMessage = (): Message | undefined => currentContext()?.message;
  const publisher = createPublisher({
    model,
    broker: adapter.broker,
    clock: systemClock,
    maxMessageBytes: config.server.maxMessageBytes,
    currentMessage,
  });
  return tracing === null ? publisher : tracePublisher(publisher, { tracing, currentMessage });
}

export type PublisherInput = Pick<CompositionInput, "adapter" | "tracing">;

function deadLetterFigures(
  { stream, group }: GroupAddress,
  sampler: LagSampler,
  keeper: DeadLetterKeeper | null,
): DeadLetterFigures {
  const dlqStream = deadLetterStream(stream, group);
  const counts = keeper?.counts.get(dlqStream) ?? { trimmed: 0, alerts: 0 };
  const sampled = sampler.deadLettersOf(group);
  return {
    dlqStream,
    trimmed: keeper === null ? null : counts.trimmed,
    alerts: keeper === null ? null : counts.alerts,
    depth: sampled?.depth ?? null,
    oldestSeconds: sampled === null ? null : (sampled.oldestSeconds ?? 0),
  };
}

function composeWatchdog({ model, config, log }: CompositionInput): LoopWatchdog | null {
  const { enabled, reportAfterMs, abortAfterMs } = config.server.watchdog;
  if (enabled !== true) return null;
  return createLoopWatchdog({ names: model.subscriptions.map(({ name }) => name), reportAfterMs, abortAfterMs, log });
}

function composeLoadShedding(
  { config, log }: CompositionInput,
  subscriptions: () => readonly Subscription[],
): LoadShedding | null {
  const { enabled, maxHeapRatio, maxRssMegabytes, maxEventLoopDelayMs } = config.server.loadShedding;
  if (!enabled) return null;
  return createLoadShedding({
    limits: { heap: maxHeapRatio, rss: maxRssMegabytes, event_loop: maxEventLoopDelayMs },
    source: createProcessLoad(),
    clock: systemClock,
    log,
    onCalm() {
      for (const subscription of subscriptions()) subscription.poke();
    },
  });
}

/** What subscriptions have in common with their process. */
interface ProcessParts {
  readonly consumerName: string;
  readonly loadShedding: LoadShedding | null;
  readonly watchdog: LoopWatchdog | null;
}

function composeSubscriptions(
  { model, config, adapter, log, tracing }: CompositionInput,
  publisher: PreparingPublisher,
  { consumerName, loadShedding, watchdog }: ProcessParts,
): readonly Subscription[] {
  const names = model.subscriptions.flatMap(({ handlerName, name }) => [handlerName, name]);
  const unknown = unknownSubscriptionSections(config, names);
  if (unknown.length > 0) throw new ConfigError(unknown);
  const suspectTurn = createSemaphore(1);
  return model.subscriptions.map((subscription, place) => {
    const { name, handlerName, profile, overrides } = subscription;
    const resolved = resolveSubscription(config, {
      name,
      handlerName,
      overrides,
      ...(profile === undefined ? {} : { profile }),
    });
    return createSubscription({
      model: subscription,
      settings: resolved.settings,
      profile: resolved.profile,
      broker: adapter.broker,
      consumerName,
      clock: systemClock,
      log: log.child({ subscription: name }),
      redact: redactText,
      maxMessageBytes: config.server.maxMessageBytes,
      suspectTurn,
      ...(loadShedding === null ? {} : { isShedding: () => loadShedding.isShedding }),
      ...(watchdog === null ? {} : { onRun: () => watchdog.noteRun(place) }),
      tracing,
      prepare: (event, options, { message, index }) =>
        publisher.prepare(event, { ...options, id: derivedEventId(message, name, index) }),
    });
  });
}

function composeKeeper(
  { model, config, adapter, log, alertCallback }: CompositionInput,
  subscriptions: readonly Subscription[],
  holder: string,
): DeadLetterKeeper | null {
  const { dlq } = config.server;
  if (!dlq.enabled || subscriptions.length === 0) return null;
  return createDeadLetterKeeper({
    streams: subscriptions.map(({ model: { stream, name }, settings }) => ({
      stream,
      group: name,
      retentionHours: settings.dlqRetentionHours,
      alertThreshold: settings.dlqAlertThreshold,
    })),
    deadLetters: adapter.deadLetters,
    lease: adapter.lease,
    leaseName: leaseName(model.name, "dead-letter-keeper"),
    holder,
    checkIntervalMs: dlq.checkIntervalSeconds * 1000,
    callback: alertCallback,
    clock: systemClock,
    log,
  });
}

function composeTrimmer(
  { model, config, adapter, log }: CompositionInput,
  subscriptions: readonly Subscription[],
  holder: string,
): PeriodicService | null {
  const streams = retainedStreams(config, subscriptions);
  if (streams.length === 0) return null;
  return createStreamTrimmer({
    streams,
    admin: adapter.admin,
    lease: adapter.lease,
    leaseName: leaseName(model.name, "stream-trimmer"),
    holder,
    intervalMs: config.server.dlq.checkIntervalSeconds * 1000,
    log,
  });
}

function retainedStreams(config: EngineConfig, subscriptions: readonly Subscription[]): readonly TrimmedStream[] {
  const { server } = config;
  const streams = new Set(subscriptions.map((subscription) => subscription.model.stream));
  const trimmed: TrimmedStream[] = [];
  for (const stream of streams) {
    const own = Object.hasOwn(server.streams, stream) ? server.streams[stream] : undefined;
    const maxLength = own?.retentionMaxlen ?? server.retentionMaxlen;
    const maxAgeHours = own?.retentionHours ?? server.retentionHours;
    if (maxLength === 0 && maxAgeHours === 0) continue;
    trimmed.push({
      stream,
      retention: { maxLength: maxLength || null, maxAgeMs: maxAgeHours * MS_PER_HOUR || null },
      expectedGroups: subscriptions.filter(({ model }) => model.stream === stream).map(({ model }) => model.name),
    });
  }
  return trimmed;
}
