/** The work that waits, for an autoscaler: what `GET /backlog` answers. */
import type { EngineStatus, SubscriptionStatus } from "./status.ts";

/** An older sample says nothing about now: the sampler looks every ten seconds. */
const STALE_AFTER_MS = 60_000;

export interface SubscriptionBacklog {
  /** Not yet delivered. */
  readonly lag: number | null;
  /** Delivered, and not acked. */
  readonly pending: number | null;
  /** Replayed dead letters not yet handled. */
  readonly replay: number | null;
}

export interface BacklogBody {
  /** lag + pending + replay over all subscriptions; null while any of it is unknown. */
  readonly backlog: number | null;
  /** Why it is null. */
  readonly reason?: string;
  /** By name. */
  readonly subscriptions: Readonly<Record<string, SubscriptionBacklog>>;
}

export interface BacklogVerdict {
  readonly statusCode: 200 | 503;
  readonly body: BacklogBody;
}

/**
 * The backlog of the consumer groups, which every replica sees alike: ask any one of them, and do not add up several.
 * What is not known is null and the answer 503, never 0: a scaler must not stop the workers for want of an answer.
 */
export function backlogOf(status: EngineStatus): BacklogVerdict {
  const unusable = whyUnusable(status);
  const subscriptions = Object.fromEntries(
    status.subscriptions.map((each) => [each.name, unusable === null ? partsOf(each) : NOTHING_KNOWN]),
  );
  if (unusable !== null) return unknown(subscriptions, unusable);
  let backlog = 0;
  const unsampled: string[] = [];
  for (const [name, { lag, pending, replay }] of Object.entries(subscriptions)) {
    if (lag === null || pending === null || replay === null) unsampled.push(name);
    else backlog += lag + pending + replay;
  }
  if (unsampled.length > 0) return unknown(subscriptions, `not known for ${unsampled.join(", ")}`);
  return { statusCode: 200, body: { backlog, subscriptions } };
}

const NOTHING_KNOWN: SubscriptionBacklog = { lag: null, pending: null, replay: null };

function partsOf({ lag, pending, replayBacklog }: SubscriptionStatus): SubscriptionBacklog {
  return { lag, pending, replay: replayBacklog };
}

/** Samples of an engine that does not run are not renewed. */
function whyUnusable({ state, sampleAgeMs }: EngineStatus): string | null {
  if (state !== "running") return `the engine is ${state}`;
  if (sampleAgeMs === null) return "nothing has been sampled yet";
  return sampleAgeMs > STALE_AFTER_MS ? `the sample is ${Math.round(sampleAgeMs / 1000)} s old` : null;
}

function unknown(subscriptions: BacklogBody["subscriptions"], reason: string): BacklogVerdict {
  return { statusCode: 503, body: { backlog: null, reason, subscriptions } };
}
