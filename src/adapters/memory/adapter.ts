import type { BrokerAdapter } from "../../ports/broker-adapter.ts";
import type { Clock } from "../../ports/clock.ts";
import { systemClock } from "../../primitives/system-clock.ts";
import { createMemoryBrokerAdmin } from "./broker-admin.ts";
import { createMemoryBrokerFacts } from "./broker-facts.ts";
import { createMemoryBroker } from "./broker.ts";
import { createMemoryControl } from "./control.ts";
import { createMemoryDeadLetters } from "./dead-letters.ts";
import { createMemoryLease } from "./lease.ts";
import { Streams } from "./streams.ts";

export interface MemoryAdapter extends BrokerAdapter {
  /** What it holds: for tests that delete entries and streams behind its back, as an operator can on a server. */
  readonly streams: Streams;
}

/**
 * A broker embedded in this process, with the semantics of Redis Streams and nothing to install. Two adapters share
 * nothing, whatever their names. Entry ids, idle times and backoffs follow `clock`; a blocking read waits in real time.
 */
export function createMemoryAdapter(name: string, options: { readonly clock?: Clock } = {}): MemoryAdapter {
  const clock = options.clock ?? systemClock;
  const streams = new Streams(clock);
  const broker = createMemoryBroker(name, streams);
  const admin = createMemoryBrokerAdmin(streams, broker);
  const deadLetters = createMemoryDeadLetters(streams);
  return {
    broker,
    admin,
    deadLetters,
    facts: createMemoryBrokerFacts(streams, admin, deadLetters),
    lease: createMemoryLease(clock),
    control: createMemoryControl(),
    streams,
  };
}
