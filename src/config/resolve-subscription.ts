/**
 * One subscription's settings: levels, highest first, and for each field the first level that sets it.
 *
 *   handler subscriptionConfig → handler subscriptionProfile → [server.subscriptions.X] → its profile
 *   → [server.defaults] → default_subscription_profile → built-in values ([server.dlq] for dead letters)
 *
 * X is the subscription's name or its handler's class; where both sections exist, the name's comes first.
 */
import { checkValue } from "./check-value.ts";
import {
  ConfigError,
  createFault,
  createUnknownFault,
  formatOrigin,
  formatPath,
  type ConfigFault,
  type KeyPath,
  type Origin,
} from "./faults.ts";
import { settingName } from "./key-spec.ts";
import { PROFILE_FIELDS } from "./profile-fields.ts";
import { BUILT_IN_VALUES, profileLine, profileNames } from "./profiles.ts";
import type { EngineConfig, SubscriptionOverrides, SubscriptionSection, SubscriptionSettings } from "./settings.ts";

export interface SubscriptionRequest {
  /** The subscription's name: `shop.AuditHandler`. */
  readonly name: string;
  /** The handler's class. */
  readonly handlerName: string;
  /** `subscriptionProfile` of the handler. */
  readonly profile?: string | undefined;
  /** `subscriptionConfig` of the handler. */
  readonly overrides?: SubscriptionOverrides | undefined;
}

export type SubscriptionField = keyof SubscriptionSettings;

export interface ResolvedSubscription {
  readonly settings: SubscriptionSettings;
  /** The profile named at the highest level that names one. */
  readonly profile: string;
  /** What set each field: `domain.toml:12`, `profile batch`, `code: subscriptionConfig`, `default`. */
  readonly sources: Readonly<Record<SubscriptionField, string>>;
}

const CODE: Origin = { place: "code", line: null, environment: null };

/** Throws a `ConfigError` that names the handler and the field when what the handler says, or what comes out, is invalid. */
export function resolveSubscription(config: EngineConfig, request: SubscriptionRequest): ResolvedSubscription {
  const faults = [...checkOverrides(request), ...checkHandlerProfile(config, request)];
  if (faults.length > 0) throw new ConfigError(faults);
  const resolved = resolveLevels(config, request);
  const outcome = checkOutcome(resolved.settings, [request.handlerName]);
  if (outcome.length > 0)
    throw new ConfigError(outcome.map((fault) => ({ ...fault, message: withSources(fault, resolved) })));
  return resolved;
}

/** As `resolveSubscription`, of what is known to be valid by itself; the outcome may still contradict itself. */
export function resolveLevels(config: EngineConfig, request: SubscriptionRequest): ResolvedSubscription {
  const levels = subscriptionLevels(config, request);
  const settings: Record<string, unknown> = {};
  const sources: Record<string, string> = {};
  for (const { field } of PROFILE_FIELDS) {
    const name = settingName(field) as SubscriptionField;
    const level = levels.find(({ fields }) => fields[name] !== undefined && fields[name] !== null);
    settings[name] = level?.fields[name];
    sources[name] = level?.source(field) ?? "default";
  }
  return Object.freeze({
    settings: Object.freeze(settings) as unknown as SubscriptionSettings,
    profile: request.profile?.toLowerCase() ?? selectedProfile(config, request),
    sources: Object.freeze(sources) as Record<SubscriptionField, string>,
  });
}

interface Level {
  readonly fields: SubscriptionOverrides;
  /** What to call the level when it sets this key. */
  source(key: string): string;
}

function subscriptionLevels(config: EngineConfig, request: SubscriptionRequest): readonly Level[] {
  const { server } = config;
  const sections = matchingSections(config, request);
  const sectionProfile = sections.find(({ section }) => section.profile !== undefined)?.section.profile;
  return [
    { fields: request.overrides ?? {}, source: () => "code: subscriptionConfig" },
    ...profileLevels(config, request.profile),
    ...sections.map(({ name, section }) => fileLevel(config, section, ["server", "subscriptions", name])),
    ...profileLevels(config, sectionProfile),
    fileLevel(config, server.defaults, ["server", "defaults"]),
    ...profileLevels(config, server.defaultSubscriptionProfile),
    { fields: BUILT_IN_VALUES, source: () => "default" },
    {
      fields: { dlqRetentionHours: server.dlq.retentionHours, dlqAlertThreshold: server.dlq.alertThreshold },
      source: (key) => `server.dlq (${originText(config, ["server", "dlq", key.replace("dlq_", "")])})`,
    },
  ];
}

function fileLevel(config: EngineConfig, fields: SubscriptionOverrides, path: KeyPath): Level {
  return { fields, source: (key) => originText(config, [...path, key]) };
}

function profileLevels(config: EngineConfig, profile: string | undefined): readonly Level[] {
  if (profile === undefined) return [];
  return profileLine(profile, config.server.profiles).map(({ name, isBuiltIn, fields }) => ({
    fields,
    source: (key) =>
      isBuiltIn ? `profile ${name}` : `profile ${name} (${originText(config, ["server", "profiles", name, key])})`,
  }));
}

function originText(config: EngineConfig, path: KeyPath): string {
  const key = formatPath(path);
  const origin = Object.hasOwn(config.origins, key) ? config.origins[key] : undefined;
  return origin === undefined ? "default" : formatOrigin(origin);
}

interface NamedSection {
  readonly name: string;
  readonly section: SubscriptionSection;
}

function matchingSections(config: EngineConfig, request: SubscriptionRequest): readonly NamedSection[] {
  const { subscriptions } = config.server;
  return [...new Set([request.name, request.handlerName])].flatMap((name) => {
    const section = Object.hasOwn(subscriptions, name) ? subscriptions[name] : undefined;
    return section === undefined ? [] : [{ name, section }];
  });
}

function selectedProfile(config: EngineConfig, request: SubscriptionRequest): string {
  const named = matchingSections(config, request).find(({ section }) => section.profile !== undefined);
  return named?.section.profile ?? config.server.defaultSubscriptionProfile;
}

function checkOverrides(request: SubscriptionRequest): readonly ConfigFault[] {
  const specs = new Map(PROFILE_FIELDS.map((spec) => [settingName(spec.field), spec]));
  return Object.entries(request.overrides ?? {}).flatMap(([name, value]: [string, unknown]) => {
    const path = [request.handlerName, "subscriptionConfig", name];
    const spec = specs.get(name);
    if (spec === undefined)
      return [createUnknownFault({ path, origin: CODE, what: "unknown option" }, name, [...specs.keys()])];
    if (value === undefined || value === null) return [];
    const result = checkValue(spec, value);
    return result.kind === "ok" ? [] : [{ ...createFault(path, CODE, result.message), nearest: result.nearest }];
  });
}

function checkHandlerProfile(config: EngineConfig, request: SubscriptionRequest): readonly ConfigFault[] {
  const { profile, handlerName } = request;
  if (profile === undefined) return [];
  const known = profileNames(config.server.profiles);
  if (known.includes(profile.toLowerCase())) return [];
  const fault = {
    path: [handlerName, "subscriptionProfile"],
    origin: CODE,
    what: `unknown profile ${JSON.stringify(profile)}`,
  };
  return [createUnknownFault(fault, profile, known)];
}

/** Contradictions in settings that come from several levels. Paths start with `path` and end in the setting's name. */
export function checkOutcome(settings: SubscriptionOverrides, path: KeyPath): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (settings.subscriptionType === "event_store") {
    faults.push(createFault([...path, "subscriptionType"], null, EVENT_STORE_UNAVAILABLE));
  }
  const { retryDelaySeconds, retryMaxDelaySeconds } = settings;
  if (
    retryDelaySeconds !== undefined &&
    retryMaxDelaySeconds !== undefined &&
    retryMaxDelaySeconds < retryDelaySeconds
  ) {
    const message = `${retryMaxDelaySeconds} is less than retry_delay_seconds, ${retryDelaySeconds}`;
    faults.push(createFault([...path, "retryMaxDelaySeconds"], null, message));
  }
  return faults;
}

export const EVENT_STORE_UNAVAILABLE = 'subscription_type "event_store" is not available in this version; use "stream"';

function withSources(fault: ConfigFault, resolved: ResolvedSubscription): string {
  const field = fault.path.split(".").at(-1) as SubscriptionField;
  const other = field === "retryMaxDelaySeconds" ? `, retryDelaySeconds by ${resolved.sources.retryDelaySeconds}` : "";
  return `${fault.message} (set by ${resolved.sources[field]}${other})`;
}
