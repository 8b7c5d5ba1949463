/** When is everything done? Asked of the broker, not of samples. */
import type { CircuitState } from "../health/status.ts";
import type { BrokerAdmin } from "../ports/broker-admin.ts";
import { sleep } from "../primitives/abort.ts";

const CHECK_MS = 50;
/** A handler may publish to a stream that was looked at before it: all must be idle so often in a row. */
const CALM_CHECKS = 2;

/** A subscription, as far as this is concerned. */
export interface IdleSubject {
  readonly model: { readonly name: string; readonly stream: string };
  readonly circuit: { readonly state: CircuitState; readonly failedProbes: number };
  /** Holds nothing in this process. */
  readonly isIdle: boolean;
  readonly isPaused: boolean;
}

export type IdleResult =
  | { readonly kind: "drained" }
  /** The rest waits behind circuits whose probe failed: it will not be done soon. */
  | { readonly kind: "circuit_open"; readonly subscriptions: readonly string[] }
  /** The rest waits for subscriptions that are paused, some of it perhaps behind such circuits. */
  | { readonly kind: "paused"; readonly subscriptions: readonly string[] }
  | { readonly kind: "aborted" };

export interface IdleOptions {
  readonly subscriptions: readonly IdleSubject[];
  readonly admin: BrokerAdmin;
  readonly signal: AbortSignal;
}

export async function whenIdle(options: IdleOptions): Promise<IdleResult> {
  const { subscriptions, signal } = options;
  let calm = 0;
  let stillPaused = 0;
  while (!signal.aborted) {
    const busy = await busyOnes(options);
    calm = busy.length === 0 ? calm + 1 : 0;
    if (calm >= CALM_CHECKS) return { kind: "drained" };
    const stuck = busy.filter(({ circuit }) => circuit.state === "open" && circuit.failedProbes > 0);
    if (busy.length > 0 && stuck.length === busy.length) {
      return { kind: "circuit_open", subscriptions: stuck.map(({ model }) => model.name) };
    }
    const paused = busy.filter(({ isPaused, isIdle }) => isPaused && isIdle);
    stillPaused =
      paused.length > 0 && busy.every((each) => paused.includes(each) || stuck.includes(each)) ? stillPaused + 1 : 0;
    if (stillPaused >= CALM_CHECKS) return { kind: "paused", subscriptions: paused.map(({ model }) => model.name) };
    await sleep(subscriptions.length === 0 ? 0 : CHECK_MS, signal);
  }
  return { kind: "aborted" };
}

async function busyOnes({ subscriptions, admin }: IdleOptions): Promise<readonly IdleSubject[]> {
  const busy: IdleSubject[] = [];
  for (const subscription of subscriptions) {
    if (!subscription.isIdle || !(await isDrained(subscription, admin))) busy.push(subscription);
  }
  return busy;
}

async function isDrained({ model }: IdleSubject, admin: BrokerAdmin): Promise<boolean> {
  try {
    const report = await admin.inspect({ stream: model.stream, group: model.name });
    return report.lag === 0 && report.pending === 0 && report.replayBacklog === 0;
  } catch {
    // Nobody knows while the broker is away (the read loop reports that): not drained.
    return false;
  }
}
