import { setImmediate as nextTurn } from "node:timers/promises";

import { BrokerError } from "../../errors.ts";
import type { Broker, NewEntry } from "../../ports/broker.ts";
import { MemoryConsumer } from "./consumer.ts";
import type { Streams } from "./streams.ts";

/** Appends in a row before the event loop gets a turn, so that a publisher in a loop does not stop everything else. */
const APPENDS_PER_TURN = 256;

/**
 * The embedded broker: consumer groups over streams in this process's memory. Nothing is shared and nothing
 * is durable; entries survive `close` and a new `connect`, not the process.
 */
export function createMemoryBroker(name: string, streams: Streams): Broker {
  const consumers = new Set<MemoryConsumer>();
  let isClosed = false;
  let appendsInTurn = 0;

  return {
    name,
    capabilities: { isShared: false, isDurable: false },
    async connect() {
      isClosed = false;
    },
    async append(entries) {
      if (isClosed) throw new BrokerError(`the broker "${name}" is closed`, { isTransient: false });
      const checked = entries.map(checkFields);
      const ids = checked.map(({ stream, fields }) => streams.append(stream, fields).id);
      appendsInTurn += ids.length;
      if (appendsInTurn >= APPENDS_PER_TURN) {
        appendsInTurn = 0;
        await nextTurn();
      }
      return ids;
    },
    createConsumer(address) {
      for (const consumer of consumers) if (consumer.isClosed) consumers.delete(consumer);
      const consumer = new MemoryConsumer(streams, address, () => !isClosed);
      consumers.add(consumer);
      return consumer;
    },
    async probe() {
      return isClosed ? { kind: "down", reason: `the broker "${name}" is closed` } : { kind: "ok" };
    },
    async close() {
      isClosed = true;
      await Promise.all([...consumers].map((consumer) => consumer.close()));
      consumers.clear();
    },
  };
}

/** What a server would store: no lone surrogates. And what it would refuse. */
function checkFields({ stream, fields }: NewEntry): NewEntry {
  if (fields.length === 0 || fields.length % 2 !== 0) {
    throw new BrokerError(`an entry for "${stream}" needs pairs of field and value, and has ${fields.length} strings`, {
      isTransient: false,
    });
  }
  return { stream, fields: fields.map((text) => text.toWellFormed()) };
}
