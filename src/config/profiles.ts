/** Subscription profiles: the built-in ones, and what a profile of one's own comes to. */
import type { ProfileSection, SubscriptionOverrides, SubscriptionSettings } from "./settings.ts";

/** A profile leaves the two dead-letter fields to `[server.dlq]`. */
export type ProfileValues = Omit<SubscriptionSettings, "dlqRetentionHours" | "dlqAlertThreshold">;

export const BUILT_IN_PROFILES = {
  production: {
    subscriptionType: "stream",
    messagesPerTick: 100,
    concurrency: 16,
    blockingTimeoutMs: 5000,
    maxRetries: 3,
    retryDelaySeconds: 1,
    retryMaxDelaySeconds: 60,
    handlerTimeoutSeconds: 30,
    claimIdleMs: 30_000,
    maxCrashes: 3,
    enableDlq: true,
    circuitBreakerThreshold: 10,
    circuitBreakerResetSeconds: 60,
  },
  fast: {
    subscriptionType: "stream",
    messagesPerTick: 10,
    concurrency: 32,
    blockingTimeoutMs: 100,
    maxRetries: 2,
    retryDelaySeconds: 0,
    retryMaxDelaySeconds: 5,
    handlerTimeoutSeconds: 5,
    claimIdleMs: 10_000,
    maxCrashes: 3,
    enableDlq: true,
    circuitBreakerThreshold: 10,
    circuitBreakerResetSeconds: 60,
  },
  batch: {
    subscriptionType: "stream",
    messagesPerTick: 500,
    concurrency: 64,
    blockingTimeoutMs: 10_000,
    maxRetries: 5,
    retryDelaySeconds: 2,
    retryMaxDelaySeconds: 120,
    handlerTimeoutSeconds: 120,
    claimIdleMs: 60_000,
    maxCrashes: 3,
    enableDlq: true,
    circuitBreakerThreshold: 10,
    circuitBreakerResetSeconds: 60,
  },
  debug: {
    subscriptionType: "stream",
    messagesPerTick: 1,
    concurrency: 1,
    blockingTimeoutMs: 1000,
    maxRetries: 1,
    retryDelaySeconds: 0,
    retryMaxDelaySeconds: 0,
    handlerTimeoutSeconds: 0,
    claimIdleMs: 30_000,
    maxCrashes: 3,
    enableDlq: true,
    circuitBreakerThreshold: 10,
    circuitBreakerResetSeconds: 60,
  },
  projection: {
    subscriptionType: "event_store",
    messagesPerTick: 100,
    concurrency: 1,
    blockingTimeoutMs: 5000,
    maxRetries: 3,
    retryDelaySeconds: 1,
    retryMaxDelaySeconds: 60,
    handlerTimeoutSeconds: 60,
    claimIdleMs: 30_000,
    maxCrashes: 3,
    enableDlq: true,
    circuitBreakerThreshold: 10,
    circuitBreakerResetSeconds: 60,
  },
} as const satisfies Readonly<Record<string, ProfileValues>>;

export type BuiltInProfile = keyof typeof BUILT_IN_PROFILES;

/** What holds where no level sets a field. */
export const BUILT_IN_VALUES: ProfileValues = BUILT_IN_PROFILES.production;

export type CustomProfiles = Readonly<Record<string, ProfileSection>>;

export function isBuiltInProfile(name: string): name is BuiltInProfile {
  return Object.hasOwn(BUILT_IN_PROFILES, name);
}

export function profileNames(custom: CustomProfiles): readonly string[] {
  return [...Object.keys(BUILT_IN_PROFILES), ...Object.keys(custom)];
}

/** One profile in a line of inheritance. */
export interface ProfileLink {
  readonly name: string;
  readonly isBuiltIn: boolean;
  readonly fields: SubscriptionOverrides;
}

/**
 * A profile and all it inherits from, nearest first: the first that sets a field wins. Ends at an unknown name, and
 * before a profile it has met: both are faults found by `checkProfiles`.
 */
export function profileLine(name: string, custom: CustomProfiles): readonly ProfileLink[] {
  const links: ProfileLink[] = [];
  let next: string | undefined = name.toLowerCase();
  while (next !== undefined && links.every((link) => link.name !== next)) {
    if (isBuiltInProfile(next)) {
      links.push({ name: next, isBuiltIn: true, fields: BUILT_IN_PROFILES[next] });
      return links;
    }
    const section: ProfileSection | undefined = Object.hasOwn(custom, next) ? custom[next] : undefined;
    if (section === undefined) return links;
    const { inherits, ...fields }: ProfileSection = section;
    links.push({ name: next, isBuiltIn: false, fields });
    next = inherits;
  }
  return links;
}

/** What a profile comes to, by itself. */
export function expandProfile(name: string, custom: CustomProfiles): SubscriptionOverrides {
  return profileLine(name, custom).reduceRight<SubscriptionOverrides>(
    (below, link) => ({ ...below, ...link.fields }),
    {},
  );
}
