/** The public API: define, run, configure. */

// define
export { Domain } from "./domain/domain.ts";
export type { Published, PublishOptions } from "./domain/domain.ts";
export { Event } from "./domain/elements.ts";
export type {
  Aggregate,
  AggregateOptions,
  EventBase,
  EventClass,
  EventInstance,
  EventOptions,
} from "./domain/elements.ts";
export { handle } from "./domain/decorators.ts";
export { defineHandler, on } from "./domain/define-handler.ts";
export type { DefinedHandler, DefinedRoute } from "./domain/define-handler.ts";
export type {
  EventHandlerOptions,
  ForeignEntry,
  ForeignMessage,
  StartFrom,
  SubscriberOptions,
} from "./domain/handler-options.ts";
export type { HandlerContext, HandlerLog } from "./domain/handler-context.ts";
export type { Message } from "./message/message.ts";
export { currentContext } from "./consume/current-context.ts";
export {
  BrokerError,
  DiscardError,
  EngineError,
  ERROR_CODES,
  HandlerTimeoutError,
  InvalidMessageError,
  PermanentError,
  RetryAfterError,
} from "./errors.ts";
export type { ErrorCode } from "./errors.ts";

// run
export { connect, createEngine } from "./engine.ts";
export type { Engine, EngineOptions } from "./engine.ts";
export type { IdleResult } from "./lifecycle/when-idle.ts";
export type { ShutdownReport, ShutdownStep } from "./lifecycle/report.ts";
export type { Labels, MetricFamily } from "./telemetry/metric.ts";
export type {
  CircuitState,
  EngineState,
  EngineStatus,
  SubscriptionCounts,
  SubscriptionStatus,
} from "./health/status.ts";
export { healthFetchHandler, healthHandler } from "./health/handler.ts";
export type { AlertCallback, DlqAlert } from "./maintenance/dead-letter-keeper.ts";
export type { Failure, FailureReason } from "./message/failure.ts";
export type { DeadLetter, DeadLetters } from "./ports/dead-letters.ts";

// configure
export { defineConfig, resolveConfig } from "./config/define.ts";
export type { ConfigInput } from "./config/define.ts";
export { loadConfig } from "./config/load.ts";
export { ConfigError } from "./config/faults.ts";
export type { EngineConfig, SubscriptionOverrides, SubscriptionSettings } from "./config/settings.ts";

// check
export type { CheckContext, CheckRule, LiveContext, Observation } from "./check/rule.ts";
