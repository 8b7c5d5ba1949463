/** The fields of a subscription profile: the rows that `[server.defaults]`, `.subscriptions.X` and `.profiles.X` share. */
import type { KeySpec } from "./key-spec.ts";

/** A row without its place: `field` is the last part of its path. Fields have no default of their own: a level below sets them. */
export interface FieldSpec extends Omit<KeySpec, "path" | "default"> {
  readonly field: string;
}

const DAY_SECONDS = 86_400;

export const PROFILE_FIELDS: readonly FieldSpec[] = [
  {
    field: "subscription_type",
    type: "string",
    choices: ["stream", "event_store"],
    doc: "Where the subscription reads from. `event_store` is reserved: this version refuses it.",
  },
  {
    field: "messages_per_tick",
    type: "integer",
    min: 1,
    max: 10_000,
    doc: "Most messages asked for in one read.",
  },
  {
    field: "concurrency",
    type: "integer",
    min: 1,
    max: 10_000,
    doc: "Handlers in flight at once in one process; always one at a time for each key.",
  },
  {
    field: "blocking_timeout_ms",
    type: "integer",
    unit: "ms",
    min: 1,
    max: 60_000,
    doc: "How long a read waits for the first message.",
  },
  {
    field: "max_retries",
    type: "integer",
    min: 0,
    max: 1_000,
    doc: "Runs after the first one, before the message is dead-lettered.",
  },
  {
    field: "retry_delay_seconds",
    type: "number",
    unit: "seconds",
    min: 0,
    max: DAY_SECONDS,
    doc: "Base of the exponential backoff between runs; each delay is drawn evenly from 0 to its ceiling.",
  },
  {
    field: "retry_max_delay_seconds",
    type: "number",
    unit: "seconds",
    min: 0,
    max: DAY_SECONDS,
    doc: "No backoff grows above this. Not below `retry_delay_seconds`.",
  },
  {
    field: "handler_timeout_seconds",
    type: "number",
    unit: "seconds",
    min: 0,
    max: DAY_SECONDS,
    doc: "A run that takes longer is aborted and counts as failed. 0: no limit.",
  },
  {
    field: "claim_idle_ms",
    type: "integer",
    unit: "ms",
    min: 100,
    max: 86_400_000,
    doc: "Lease on a delivered message, renewed while it is held: after this silence another consumer takes it over.",
  },
  {
    field: "max_crashes",
    type: "integer",
    min: 1,
    max: 1_000,
    doc: "A message that was in hand when its process died this often is dead-lettered without another run.",
  },
  {
    field: "enable_dlq",
    type: "boolean",
    doc: "Whether a message that failed for good is dead-lettered. Off: it is discarded, counted and logged.",
  },
  {
    field: "circuit_breaker_threshold",
    type: "integer",
    min: 1,
    max: 1_000_000,
    doc: "Failed runs in a row that open the circuit breaker, which pauses the subscription.",
  },
  {
    field: "circuit_breaker_reset_seconds",
    type: "number",
    unit: "seconds",
    min: 0,
    isMinExcluded: true,
    max: DAY_SECONDS,
    doc: "How long an open breaker waits before it lets one message try.",
  },
  {
    field: "dlq_retention_hours",
    type: "number",
    unit: "hours",
    min: 0,
    isMinExcluded: true,
    max: 876_000,
    doc: "Age at which this subscription's dead letters are trimmed. Inherits `server.dlq.retention_hours`.",
  },
  {
    field: "dlq_alert_threshold",
    type: "integer",
    min: 1,
    max: 1_000_000_000,
    doc: "Depth of this subscription's dead letters from which on it alerts. Inherits `server.dlq.alert_threshold`.",
  },
];

/** The fields as rows under `prefix`. */
export function profileRows(prefix: string): readonly KeySpec[] {
  return PROFILE_FIELDS.map(({ field, ...rest }) => ({ ...rest, path: `${prefix}.${field}`, default: null }));
}
