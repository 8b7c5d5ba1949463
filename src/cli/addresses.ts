/** Which subscriptions a command is about. */
import { nearestName } from "../config/nearest.ts";
import type { Domain } from "../domain/domain.ts";
import { EngineError } from "../errors.ts";
import { isValidName } from "../message/names.ts";
import type { GroupAddress } from "../ports/broker-admin.ts";

/** A subscription on the broker, with what the domain knows about it. */
export interface SubscriptionAddress extends GroupAddress {
  /** Null: not declared by a domain that was given. */
  readonly handlerName: string | null;
}

export interface Selection {
  readonly domain: Domain | null;
  readonly streams: readonly string[];
  /** Full name, or the handler's. */
  readonly subscription: string | undefined;
}

/**
 * The subscriptions declared by the domain, and those that `discover` finds on the broker for each stream of domain and
 * selection: also of handlers that no longer exist. Sorted by stream and name. Throws ENGINE_USAGE when there is nothing
 * to go by, ENGINE_SUBSCRIPTION_UNKNOWN when the named one is not among them.
 */
export async function selectAddresses(
  selection: Selection,
  discover: (stream: string) => Promise<readonly GroupAddress[]>,
): Promise<SubscriptionAddress[]> {
  const declared = selection.domain?.model.subscriptions ?? [];
  if (selection.domain === null && selection.streams.length === 0) throw nothingToGoBy();
  for (const stream of selection.streams) checkStream(stream);

  const isNarrow = selection.streams.length > 0;
  const streams = new Set(isNarrow ? selection.streams : declared.map(({ stream }) => stream));
  const found = new Map<string, SubscriptionAddress>();
  for (const { stream, name, handlerName } of declared) {
    if (streams.has(stream)) found.set(keyOf(stream, name), { stream, group: name, handlerName });
  }
  for (const stream of streams) {
    for (const address of await discover(stream)) {
      const key = keyOf(address.stream, address.group);
      if (!found.has(key)) found.set(key, { ...address, handlerName: null });
    }
  }
  const all = [...found.values()].toSorted((a, b) => compare(a.stream, b.stream) || compare(a.group, b.group));
  return selection.subscription === undefined ? all : named(selection.subscription, all);
}

function named(wanted: string, all: readonly SubscriptionAddress[]): SubscriptionAddress[] {
  const exact = all.filter(({ group }) => group === wanted);
  if (exact.length > 0) return exact;
  const byHandler = all.filter(({ group, handlerName }) => handlerName === wanted || group.endsWith(`.${wanted}`));
  if (byHandler.length > 0) return byHandler;
  const names = all.map(({ group }) => group);
  const near = nearestName(wanted, [...names, ...names.map((name) => name.slice(name.indexOf(".") + 1))]);
  throw new EngineError("ENGINE_SUBSCRIPTION_UNKNOWN", `no subscription is called "${wanted}"`, {
    hint: near === null ? `There ${listed(names)}.` : `Did you mean ${near}? There ${listed(names)}.`,
  });
}

const MOST_NAMES = 10;

function listed(names: readonly string[]): string {
  if (names.length === 0) return "are none";
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  return `${names.length === 1 ? "is" : "are"} ${names.slice(0, MOST_NAMES).join(", ")}${more}`;
}

/** Throws ENGINE_NAME_INVALID. */
export function checkStream(stream: string): void {
  if (isValidName(stream)) return;
  throw new EngineError("ENGINE_NAME_INVALID", `"${stream}" cannot be the name of a stream`, {
    hint: "Letters, digits and _ . : - are allowed, up to 200 of them, and at most one {tag}.",
  });
}

function nothingToGoBy(): EngineError {
  return new EngineError("ENGINE_USAGE", "which subscriptions? Neither --domain nor --stream was given", {
    hint: "--domain=app takes those of your application; --stream=order finds those that are on the broker.",
  });
}

function keyOf(stream: string, group: string): string {
  return `${stream}\n${group}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
