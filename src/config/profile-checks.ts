/** Profiles, used or not, and every place in the configuration that names one. */
import { createFault, createUnknownFault, formatPath, type ConfigFault, type KeyPath, type Origin } from "./faults.ts";
import { textOfValue } from "./key-spec.ts";
import { expandProfile, isBuiltInProfile, profileLine, profileNames } from "./profiles.ts";
import { checkOutcome, EVENT_STORE_UNAVAILABLE, resolveLevels } from "./resolve-subscription.ts";
import type { EngineConfig, SubscriptionOverrides } from "./settings.ts";
import type { ValidatedConfig } from "./validate.ts";

export function checkProfiles(config: EngineConfig, valid: ValidatedConfig): readonly ConfigFault[] {
  return dropRepeated([
    ...Object.keys(config.server.profiles).flatMap((name) => checkProfile(config, name)),
    ...[...valid.values.keys()].flatMap((path) => checkReference(config, valid, path)),
    ...checkExplicitTypes(valid),
    ...checkOutcomes(config),
  ]);
}

function originAt(config: EngineConfig, path: KeyPath): Origin | null {
  const key = formatPath(path);
  return (Object.hasOwn(config.origins, key) ? config.origins[key] : undefined) ?? null;
}

function checkProfile(config: EngineConfig, name: string): readonly ConfigFault[] {
  const { profiles } = config.server;
  const path = ["server", "profiles", name];
  const origin = originAt(config, path);
  if (isBuiltInProfile(name))
    return [createFault(path, origin, "is the name of a built-in profile; choose another one")];
  const line = profileLine(name, profiles);
  const end = profiles[line.at(-1)?.name ?? ""]?.inherits;
  if (end !== undefined && line.some((link) => link.name === end)) {
    const circle = [...line.map((link) => link.name), end].join(" → ");
    return [
      createFault(
        [...path, "inherits"],
        originAt(config, [...path, "inherits"]) ?? origin,
        `inherits from itself: ${circle}`,
      ),
    ];
  }
  return checkDelays(config, expandProfile(name, profiles), path);
}

/** A key that names a profile. */
function checkReference(config: EngineConfig, valid: ValidatedConfig, path: string): readonly ConfigFault[] {
  const isReference =
    path === "server.default_subscription_profile" ||
    /^server\.(?:subscriptions\..*\.profile|profiles\..*\.inherits)$/.test(path);
  const found = valid.values.get(path);
  if (!isReference || found === undefined) return [];
  const name = textOfValue(found.value);
  const known = profileNames(config.server.profiles);
  if (!known.includes(name)) {
    const fault = createUnknownFault({ path: [], origin: found.origin, what: "unknown profile" }, name, known);
    return [{ ...fault, path }];
  }
  if (path.endsWith(".inherits") || !isEventStore(config, path, name)) return [];
  const message = `profile "${name}" reads from the event store, which is not available in this version`;
  return [{ ...createFault([], found.origin, message), path }];
}

/** Whether who names the profile ends up with its type: a `subscription_type` of their own comes first. */
function isEventStore(config: EngineConfig, path: string, profile: string): boolean {
  const { server } = config;
  const own = path === "server.default_subscription_profile" ? server.defaults : findSection(config, path);
  return (own?.subscriptionType ?? expandProfile(profile, server.profiles).subscriptionType) === "event_store";
}

function findSection(config: EngineConfig, path: string): SubscriptionOverrides | undefined {
  const { subscriptions } = config.server;
  const name = Object.keys(subscriptions).find(
    (candidate) => path === formatPath(["server", "subscriptions", candidate, "profile"]),
  );
  return name === undefined ? undefined : subscriptions[name];
}

function checkExplicitTypes(valid: ValidatedConfig): readonly ConfigFault[] {
  return [...valid.values]
    .filter(([path, { value }]) => path.endsWith(".subscription_type") && value === "event_store")
    .map(([path, { origin }]) => ({ ...createFault([], origin, EVENT_STORE_UNAVAILABLE), path }));
}

/** What handlers without settings of their own come to: by default, and under each section. */
function checkOutcomes(config: EngineConfig): readonly ConfigFault[] {
  const byDefault = resolveLevels(config, { name: "", handlerName: "" }).settings;
  const sections = Object.keys(config.server.subscriptions).flatMap((name) =>
    checkDelays(config, resolveLevels(config, { name, handlerName: name }).settings, ["server", "subscriptions", name]),
  );
  return [...checkDelays(config, byDefault, ["server", "defaults"]), ...sections];
}

/** The place is the key at `path` that sets one of the two; failing that, it is some lower level's fault, reported there. */
function checkDelays(config: EngineConfig, settings: SubscriptionOverrides, path: KeyPath): readonly ConfigFault[] {
  const fault = checkOutcome({ ...settings, subscriptionType: "stream" }, path)[0];
  if (fault === undefined) return [];
  const keys = ["retry_max_delay_seconds", "retry_delay_seconds", "profile", "inherits"];
  const key = keys.find((candidate) => originAt(config, [...path, candidate]) !== null);
  if (key === undefined) return [];
  const outcome = `retry_max_delay_seconds comes to ${settings.retryMaxDelaySeconds}, less than retry_delay_seconds, ${settings.retryDelaySeconds}`;
  return [createFault([...path, key], originAt(config, [...path, key]), outcome)];
}

function dropRepeated(faults: readonly ConfigFault[]): readonly ConfigFault[] {
  return [...new Map(faults.map((fault) => [`${fault.path} ${fault.message}`, fault])).values()];
}
