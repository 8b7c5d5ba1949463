/**
 * The one table of configuration keys (…-keys.ts and profile-fields.ts hold parts of it). Validation, defaults, `engine config show | explain`, and
 * docs/reference/configuration.md all come from it: a new key is a new row here (and a field in settings.ts).
 */
import { CHECK_KEYS } from "./check-keys.ts";
import { buildSchemaTree, type KeySpec, type SchemaTable } from "./key-spec.ts";
import { OVERLOAD_KEYS } from "./overload-keys.ts";
import { profileRows } from "./profile-fields.ts";
import { RESOURCE_KEYS, TELEMETRY_KEYS } from "./resource-keys.ts";

function retention(prefix: string, unlessSet: string): readonly KeySpec[] {
  return [
    {
      path: `${prefix}.retention_maxlen`,
      type: "integer",
      default: prefix === "server" ? 0 : null,
      unit: "entries",
      min: 0,
      doc: `Entries that trimming leaves in a stream; what a group has not acked is never trimmed. ${unlessSet}`,
    },
    {
      path: `${prefix}.retention_hours`,
      type: "number",
      default: prefix === "server" ? 0 : null,
      unit: "hours",
      min: 0,
      max: 876_000,
      doc: `Age at which entries are trimmed from a stream; what a group has not acked is never trimmed. ${unlessSet}`,
    },
  ];
}

const SERVER: readonly KeySpec[] = [
  {
    path: "server.default_subscription_profile",
    type: "profile",
    default: "production",
    doc: "The profile of every subscription that names none.",
  },
  {
    path: "server.shutdown_timeout_seconds",
    type: "number",
    unit: "seconds",
    default: 10,
    min: 0,
    max: 3600,
    doc: "How long handlers in flight may finish after a stop signal, before their signal aborts.",
  },
  {
    path: "server.start_timeout_seconds",
    type: "number",
    unit: "seconds",
    default: 60,
    min: 0,
    max: 3600,
    doc: "How long start-up keeps trying to reach a server that does not answer.",
  },
  {
    path: "server.max_message_bytes",
    type: "integer",
    unit: "bytes",
    default: 1_000_000,
    min: 1,
    max: 512 * 1024 * 1024,
    doc: "Larger encoded events are refused at publish and dead-lettered on arrival.",
  },
  ...retention("server", "0: off."),
  ...retention("server.streams.*", "Unless set: the server's."),
  {
    path: "server.health.enabled",
    type: "boolean",
    default: true,
    doc: "Whether the health server runs.",
  },
  {
    path: "server.health.host",
    type: "string",
    default: "127.0.0.1",
    doc: "Address it listens on; `0.0.0.0` for probes from outside, as in a container.",
  },
  {
    path: "server.health.port",
    type: "integer",
    default: 8080,
    min: 0,
    max: 65_535,
    doc: "Port it listens on. 0: any free one.",
  },
];

const DLQ: readonly KeySpec[] = [
  {
    path: "server.dlq.enabled",
    type: "boolean",
    default: true,
    doc: "Whether dead-letter maintenance runs: trimming, measuring, alerting.",
  },
  {
    path: "server.dlq.retention_hours",
    type: "number",
    unit: "hours",
    default: 168,
    min: 0,
    isMinExcluded: true,
    max: 876_000,
    doc: "Age at which dead letters are trimmed.",
  },
  {
    path: "server.dlq.alert_threshold",
    type: "integer",
    default: 100,
    min: 1,
    max: 1_000_000_000,
    doc: "Depth from which on a subscription's dead letters alert.",
  },
  {
    path: "server.dlq.alert_callback",
    type: "string",
    default: null,
    pattern: {
      regexp: /^[^#]+#[\p{ID_Start}_$][\p{ID_Continue}$]*$/u,
      says: "must be a module and an export: ./alerts.js#onDlqAlert",
    },
    doc: "Called once per cycle while a depth is at its threshold: `./module.js#export`, relative to this file's folder.",
  },
  {
    path: "server.dlq.check_interval_seconds",
    type: "number",
    unit: "seconds",
    default: 60,
    min: 0,
    isMinExcluded: true,
    max: 86_400,
    doc: "How often maintenance looks.",
  },
];

const SUBSCRIPTIONS: readonly KeySpec[] = [
  ...profileRows("server.defaults"),
  {
    path: "server.subscriptions.*.profile",
    type: "profile",
    default: null,
    doc: "The profile this subscription builds on.",
  },
  ...profileRows("server.subscriptions.*"),
  {
    path: "server.profiles.*.inherits",
    type: "profile",
    default: null,
    doc: "The profile, built in or your own, that sets what this one leaves out. None: lower levels do.",
  },
  ...profileRows("server.profiles.*"),
];

const LOGGING: readonly KeySpec[] = [
  {
    path: "logging.level",
    type: "string",
    default: "info",
    choices: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    doc: "Lines below this level are not written.",
  },
  {
    path: "logging.format",
    type: "string",
    default: "auto",
    choices: ["json", "pretty", "auto"],
    doc: "JSON lines, or readable ones; `auto` is readable on a terminal.",
  },
];

export const CONFIG_KEYS: readonly KeySpec[] = [
  ...RESOURCE_KEYS,
  ...SERVER,
  ...DLQ,
  ...OVERLOAD_KEYS,
  ...SUBSCRIPTIONS,
  ...TELEMETRY_KEYS,
  ...LOGGING,
  ...CHECK_KEYS,
];

/** `CONFIG_KEYS` as a tree. */
export const SCHEMA_TREE: SchemaTable = buildSchemaTree(CONFIG_KEYS);

/** The top-level tables. Any other one is the overlay of an environment. */
export const SECTIONS: readonly string[] = [...SCHEMA_TREE.children.keys()];
