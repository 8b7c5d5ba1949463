/** Effective settings, as the engine's parts receive them: camelCase, coerced, complete, frozen. */

/** What a profile gives and every level may override: contract section 4. */
export interface SubscriptionSettings {
  readonly subscriptionType: "stream" | "event_store";
  readonly messagesPerTick: number;
  readonly concurrency: number;
  readonly blockingTimeoutMs: number;
  readonly maxRetries: number;
  readonly retryDelaySeconds: number;
  readonly retryMaxDelaySeconds: number;
  /** 0: none. */
  readonly handlerTimeoutSeconds: number;
  readonly claimIdleMs: number;
  readonly maxCrashes: number;
  readonly enableDlq: boolean;
  readonly circuitBreakerThreshold: number;
  readonly circuitBreakerResetSeconds: number;
  readonly dlqRetentionHours: number;
  readonly dlqAlertThreshold: number;
}

/** Overrides as code writes them: `subscriptionConfig` of a handler. */
export type SubscriptionOverrides = Partial<SubscriptionSettings>;

/** `[server.subscriptions.X]`: what one subscription sets for itself, and the profile it builds on. */
export interface SubscriptionSection extends SubscriptionOverrides {
  readonly profile?: string;
}

/** `[server.profiles.X]`: what the profile sets; everything else comes from the profile it inherits, or from lower levels. */
export interface ProfileSection extends SubscriptionOverrides {
  readonly inherits?: string;
}

/** How to get into a Redis. Files are absolute paths. */
export interface BrokerAccess {
  /** Where the URI names none. */
  readonly username?: string;
  readonly passwordFile?: string;
  readonly sentinelUsername?: string;
  readonly sentinelPasswordFile?: string;
  readonly tlsCaFile?: string;
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  readonly tlsServerName?: string;
}

export interface BrokerSettings extends BrokerAccess {
  readonly provider: "redis" | "memory";
  /** Null for memory. */
  readonly uri: string | null;
  readonly maxConnections: number;
}

/** Accepted and checked; not served by this version. */
export interface DatabaseSettings {
  readonly provider: "postgresql" | "sqlite";
  readonly databaseUri: string;
  readonly poolSize: number;
  /** Further connections under load: the pool's maximum is `poolSize + maxOverflow`. */
  readonly maxOverflow: number;
  /** Seconds a connection may live. */
  readonly poolRecycle: number;
}

/** Accepted and checked; not served by this version. */
export interface CacheSettings {
  readonly provider: "redis" | "memory";
  /** Null for memory. */
  readonly uri: string | null;
  readonly maxConnections: number;
}

/** Accepted and checked; not served by this version. */
export interface EventStoreSettings {
  /** A name under `[databases]`. */
  readonly database: string;
}

export interface DlqSettings {
  readonly enabled: boolean;
  readonly retentionHours: number;
  readonly alertThreshold: number;
  /** `./module.js#export`, relative to the configuration file's folder. */
  readonly alertCallback: string | null;
  readonly checkIntervalSeconds: number;
}

export interface StreamRetentionSettings {
  /** Entries to keep; 0: no limit. */
  readonly retentionMaxlen: number;
  /** Hours to keep; 0: for ever. */
  readonly retentionHours: number;
}

export interface LoadSheddingSettings {
  readonly enabled: boolean;
  /** Of the heap's limit; 0: not watched. */
  readonly maxHeapRatio: number;
  /** 0: not watched. */
  readonly maxRssMegabytes: number;
  /** 99th percentile over a second; 0: not watched. */
  readonly maxEventLoopDelayMs: number;
}

export interface WatchdogSettings {
  /** Null: in `engine server`, not in a program that embeds the engine. */
  readonly enabled: boolean | null;
  readonly reportAfterMs: number;
  /** 0: never. */
  readonly abortAfterMs: number;
}

export interface ServerSettings extends StreamRetentionSettings {
  readonly defaultSubscriptionProfile: string;
  readonly shutdownTimeoutSeconds: number;
  /** How long start-up keeps trying to reach a server that does not answer. */
  readonly startTimeoutSeconds: number;
  /** Larger encoded events are refused at publish and dead-lettered on arrival. */
  readonly maxMessageBytes: number;
  readonly health: { readonly enabled: boolean; readonly host: string; readonly port: number };
  readonly dlq: DlqSettings;
  readonly loadShedding: LoadSheddingSettings;
  readonly watchdog: WatchdogSettings;
  /** Retention of single streams, over the server's. */
  readonly streams: Readonly<Record<string, Partial<StreamRetentionSettings>>>;
}

/** `[server]` with the tables from which a subscription's settings are resolved: see `resolveSubscription`. */
export interface EngineServerSettings extends ServerSettings {
  /** Keyed by handler class or subscription name, as written. */
  readonly subscriptions: Readonly<Record<string, SubscriptionSection>>;
  /** Keyed in lower case: profile names ignore case. */
  readonly profiles: Readonly<Record<string, ProfileSection>>;
  readonly defaults: SubscriptionOverrides;
}

export interface TelemetrySettings {
  /** Whether metrics and traces are exported. Prometheus text is served either way. */
  readonly enabled: boolean;
  readonly exporter: "otlp" | "console" | "none";
  /** The OTLP gRPC collector. */
  readonly endpoint: string;
  /** Null: the domain's name. */
  readonly serviceName: string | null;
  readonly exportIntervalSeconds: number;
  /** Of the traces that begin here, from 0 to 1. One that another service began is recorded as it says. */
  readonly traceSampleRatio: number;
}

export interface LoggingSettings {
  readonly level: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  readonly format: "json" | "pretty" | "auto";
}

/** A finding of `engine check` that is accepted. */
export interface CheckSuppression {
  readonly code: string;
  /** What the finding names; absent: all of the code's. */
  readonly on?: string;
  readonly reason: string;
}

/** `[check]`: what `engine check` leaves out, and adds. */
export interface CheckSettings {
  readonly suppress: readonly CheckSuppression[];
  /** Modules, relative to the configuration file's folder. */
  readonly rules: readonly string[];
}

/** Sections that are optional, and that this version accepts without serving them. */
export type OptionalSection = "databases" | "caches" | "event_store";

/** What set a value. */
export interface SettingOrigin {
  /** `domain.toml`, or `code`. */
  readonly place: string;
  readonly line: number | null;
  /** The environment whose overlay set it. */
  readonly environment: string | null;
}

/** The whole configuration, checked, complete, deep-frozen. Records are keyed by names users chose: use `Object.hasOwn`. */
export interface EngineConfig {
  /** The file it was read from; null: built-in defaults, or code. */
  readonly file: string | null;
  /** Where relative paths in it start: the file's folder, else the working directory. */
  readonly directory: string;
  /** `ENGINE_ENV`; null when unset. */
  readonly environment: string | null;
  readonly databases: Readonly<Record<string, DatabaseSettings>>;
  /** `default` is always there: the embedded memory broker when none is configured. */
  readonly brokers: Readonly<Record<string, BrokerSettings>>;
  readonly caches: Readonly<Record<string, CacheSettings>>;
  readonly eventStore: EventStoreSettings | null;
  readonly server: EngineServerSettings;
  readonly telemetry: TelemetrySettings;
  readonly logging: LoggingSettings;
  readonly check: CheckSettings;
  /** The optional sections it really has. */
  readonly usedSections: readonly OptionalSection[];
  /** Key path (`server.health.port`) → what set it. A key that is missing has its default. */
  readonly origins: Readonly<Record<string, SettingOrigin>>;
}
