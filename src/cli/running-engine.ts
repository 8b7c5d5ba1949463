/** What only a running engine knows, asked of its health endpoint. */
import type { HealthBody, SubscriptionHealth } from "../health/probes.ts";
import { EngineError } from "../errors.ts";

const TIMEOUT_MS = 2_000;
const MAX_BODY_CHARACTERS = 4 * 1024 * 1024;

export interface RunningEngine {
  /** By subscription name. */
  readonly subscriptions: ReadonlyMap<string, SubscriptionHealth>;
}

/** Throws ENGINE_USAGE for what is no http URL. */
export function healthUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) {
    return url.pathname === "/" ? new URL("/readyz", url) : url;
  }
  throw new EngineError("ENGINE_USAGE", `--health "${text}" is not an http URL`, {
    hint: "Give the address of a running engine's health server: --health=http://127.0.0.1:8080",
  });
}

/** The engine's own account, or why there is none. Never rejects: it only adds to what the broker tells. */
export async function askEngine(url: URL, signal: AbortSignal): Promise<RunningEngine | { readonly reason: string }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    const text = await response.text();
    if (text.length > MAX_BODY_CHARACTERS) return { reason: "its answer is too long" };
    const details = (JSON.parse(text) as Partial<HealthBody>).checks?.subscriptions.details;
    if (!Array.isArray(details)) return { reason: "its answer is not an engine's" };
    return { subscriptions: new Map(details.map((each: SubscriptionHealth) => [each.name, each])) };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    return { reason: `${error instanceof Error ? error.message : String(error)}${cause}` };
  }
}
