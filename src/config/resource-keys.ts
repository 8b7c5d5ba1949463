/** Rows of the configuration table for what the engine connects to: see schema.ts. */
import type { KeySpec } from "./key-spec.ts";

const NOT_SERVED = "Accepted and checked; not served by this version.";

const DATABASES: readonly KeySpec[] = [
  {
    path: "databases.*.provider",
    type: "string",
    default: null,
    choices: ["postgresql", "sqlite"],
    isRequired: true,
    doc: `PostgreSQL, or the embedded SQLite (a file, or \`:memory:\`). ${NOT_SERVED}`,
  },
  {
    path: "databases.*.database_uri",
    type: "string",
    default: null,
    isRequired: true,
    isSecret: true,
    doc: "`postgresql://user:password@host/name`; for SQLite a path, or `:memory:`.",
  },
  {
    path: "databases.*.pool_size",
    type: "integer",
    default: 5,
    min: 1,
    max: 10_000,
    doc: "Connections kept open.",
  },
  {
    path: "databases.*.max_overflow",
    type: "integer",
    default: 10,
    min: 0,
    max: 10_000,
    doc: "Further connections under load: the pool's maximum is `pool_size + max_overflow`.",
  },
  {
    path: "databases.*.pool_recycle",
    type: "number",
    unit: "seconds",
    default: 1800,
    min: 0,
    isMinExcluded: true,
    max: 31_536_000,
    doc: "How long a connection may live.",
  },
];

function redisOrMemory(section: string, docs: { readonly provider: string; readonly uri: string }): readonly KeySpec[] {
  return [
    {
      path: `${section}.*.provider`,
      type: "string",
      default: null,
      choices: ["redis", "memory"],
      isRequired: true,
      doc: docs.provider,
    },
    { path: `${section}.*.URI`, type: "string", default: null, isSecret: true, doc: docs.uri },
    {
      path: `${section}.*.max_connections`,
      type: "integer",
      default: 50,
      min: 1,
      max: 100_000,
      doc: "Most connections one process opens to it.",
    },
  ];
}

const RELATIVE = "A path, relative to this file's folder; read anew at every connection.";

/** How to get in: brokers on Redis alone. */
const BROKER_ACCESS: readonly KeySpec[] = [
  {
    path: "brokers.*.username",
    type: "string",
    default: null,
    doc: "The Redis user, where the URI names none.",
  },
  {
    path: "brokers.*.password_file",
    type: "string",
    default: null,
    doc: `A file with the password alone, in place of one in the URI. ${RELATIVE} So a password that rotates needs no restart.`,
  },
  {
    path: "brokers.*.sentinel_username",
    type: "string",
    default: null,
    doc: "The user at the sentinels, which know nothing of the servers' users.",
  },
  {
    path: "brokers.*.sentinel_password_file",
    type: "string",
    default: null,
    doc: `A file with the sentinels' own password. ${RELATIVE}`,
  },
  {
    path: "brokers.*.tls_ca_file",
    type: "string",
    default: null,
    doc: `Certificates (PEM) of the authorities that may vouch for the server, in place of the system's. ${RELATIVE}`,
  },
  {
    path: "brokers.*.tls_cert_file",
    type: "string",
    default: null,
    doc: `The client's certificate (PEM), for servers that ask for one; with \`tls_key_file\`. ${RELATIVE}`,
  },
  {
    path: "brokers.*.tls_key_file",
    type: "string",
    default: null,
    doc: `The client certificate's private key (PEM). ${RELATIVE}`,
  },
  {
    path: "brokers.*.tls_server_name",
    type: "string",
    default: null,
    doc: "The name that the server's certificate must carry, where it is not the host of the URI.",
  },
];

const BROKERS: readonly KeySpec[] = [
  ...redisOrMemory("brokers", {
    provider: "Redis, or the embedded broker inside this process (for development and tests: it forgets).",
    uri: "`redis://[user:password@]host:port/db`; `redis+sentinel://host:port,host2:port2/primary-name/db`; `redis+cluster://host:port,host2:port2`; each with `rediss` for TLS. Required for redis, not allowed for memory.",
  }),
  ...BROKER_ACCESS,
];

const CACHES = redisOrMemory("caches", {
  provider: `Redis, or memory inside this process. ${NOT_SERVED}`,
  uri: "As for brokers.",
});

const EVENT_STORE: readonly KeySpec[] = [
  {
    path: "event_store.database",
    type: "string",
    default: null,
    isRequired: true,
    doc: `The name, under \`[databases]\`, of the database it lives in. ${NOT_SERVED}`,
  },
];

export const TELEMETRY_KEYS: readonly KeySpec[] = [
  {
    path: "telemetry.enabled",
    type: "boolean",
    default: false,
    doc: "Whether metrics and traces are exported. `GET /metrics` of the health server answers either way.",
  },
  {
    path: "telemetry.exporter",
    type: "string",
    default: "otlp",
    choices: ["otlp", "console", "none"],
    doc: "Where they go: to a collector over OTLP gRPC, or to the log.",
  },
  {
    path: "telemetry.endpoint",
    type: "string",
    default: "http://localhost:4317",
    isSecret: true,
    pattern: { regexp: /^https?:\/\/\S+$/i, says: "must be an http:// or https:// URL" },
    doc: "The OTLP gRPC collector; `https://` for TLS.",
  },
  {
    path: "telemetry.service_name",
    type: "string",
    default: null,
    doc: "The name they carry. None: the domain's.",
  },
  {
    path: "telemetry.export_interval_seconds",
    type: "number",
    unit: "seconds",
    default: 15,
    min: 0.1,
    max: 3600,
    doc: "How often metrics are exported.",
  },
  {
    path: "telemetry.trace_sample_ratio",
    type: "number",
    default: 0.001,
    min: 0,
    max: 1,
    doc: "The part of traces beginning here that is recorded. A message whose `traceparent` says sampled is always traced, one that says unsampled never.",
  },
];

export const RESOURCE_KEYS: readonly KeySpec[] = [...DATABASES, ...BROKERS, ...CACHES, ...EVENT_STORE];
