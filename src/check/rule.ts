/** What a rule of `engine check` is: one file in rules/ exports one, `registry.ts` lists them. */
import type { ResolvedSubscription } from "../config/explain.ts";
import type { ConfigFault } from "../config/faults.ts";
import type { EngineConfig } from "../config/settings.ts";
import type { DomainModel, SubscriptionModel } from "../domain/model.ts";
import type { LiveFacts } from "./live/facts.ts";

/** `error`: do not deploy. `warning`: will hurt some day. `info`: worth knowing. */
export type Severity = "error" | "warning" | "info";

export interface FilePlace {
  /** Relative to the working directory. */
  readonly file: string;
  readonly line: number | null;
}

/** What a rule saw. */
export interface Observation {
  /** One sentence: what is so, and what follows. */
  readonly message: string;
  /** What it is about: a handler, an event, a stream, a configuration key, `server`. A suppression names it. */
  readonly on: string;
  /** The line that says so, when a file does. */
  readonly place?: FilePlace | null;
  /** In place of the rule's. */
  readonly severity?: Severity;
}

export interface RuleDescription {
  /** Public, never renamed, never reused. The engine's start with `CHECK_`; those of an application must not. */
  readonly code: string;
  readonly severity: Severity;
  /** A few words. */
  readonly title: string;
  /** Why it matters. */
  readonly rationale: string;
  /** What to do. */
  readonly fix: string;
}

type Observations = readonly Observation[] | Promise<readonly Observation[]>;

/** Looks at domain and configuration alone. */
export interface StaticRule extends RuleDescription {
  readonly scope: "static";
  run(context: CheckContext): Observations;
}

/** Looks at what `--live` gathered from the servers. */
export interface LiveRule extends RuleDescription {
  readonly scope: "live";
  run(context: LiveContext): Observations;
}

export type CheckRule = StaticRule | LiveRule;

/** A subscription with the settings it would run with. */
export interface CheckedSubscription {
  readonly model: SubscriptionModel;
  /** What set each field is in `sources`. */
  readonly resolved: ResolvedSubscription;
}

export interface ConfigFile {
  /** Relative to the working directory. */
  readonly place: string;
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
}

export interface CheckContext {
  readonly model: DomainModel;
  readonly config: EngineConfig;
  /** Null: built-in defaults, or configuration in code. */
  readonly file: ConfigFile | null;
  /** ENGINE_ENV names something other than development, test or the like. */
  readonly isProduction: boolean;
  /** Those whose settings are valid. */
  readonly subscriptions: readonly CheckedSubscription[];
  /** The settings of a handler that contradict themselves or the configuration. */
  readonly settingFaults: readonly { readonly handlerName: string; readonly faults: readonly ConfigFault[] }[];
  /** Why the alert callback cannot be loaded; null: it can, or there is none. */
  readonly callbackFault: string | null;
  /** The line that set a configuration key, such as `server.health.host`. */
  readonly placeOf: (key: string) => FilePlace | null;
}

export interface LiveContext extends CheckContext {
  readonly live: LiveFacts;
}

/** A rule's observation, complete. */
export interface Finding extends RuleDescription {
  readonly message: string;
  readonly on: string;
  readonly place: FilePlace | null;
}

export interface SuppressedFinding {
  readonly finding: Finding;
  readonly reason: string;
}
