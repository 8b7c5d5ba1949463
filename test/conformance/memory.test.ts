import { createMemoryAdapter, type MemoryAdapter } from "../../src/adapters/memory/adapter.ts";
import { replayStream } from "../../src/message/names.ts";
import { brokerAdminConformance } from "../../src/testing/conformance/broker-admin.ts";
import { brokerConformance } from "../../src/testing/conformance/broker.ts";
import { controlConformance } from "../../src/testing/conformance/control.ts";
import { deadLettersConformance } from "../../src/testing/conformance/dead-letters.ts";
import type { BrokerHarness } from "../../src/testing/conformance/harness.ts";
import { leaseConformance } from "../../src/testing/conformance/lease.ts";

function memoryHarness(): BrokerHarness {
  let passedMs = 0;
  let current: MemoryAdapter | undefined;
  const clock = { now: () => 1_760_000_000_000 + passedMs, monotonicMs: () => passedMs };
  return {
    name: "memory",
    async createAdapter() {
      const adapter = createMemoryAdapter("default", { clock });
      current ??= adapter;
      return { adapter, dispose: async () => undefined };
    },
    advance(ms) {
      passedMs += ms;
    },
    async deleteEntry(stream, entryId) {
      current?.streams.deleteEntry(stream, entryId);
    },
    async deleteStream(stream) {
      current?.streams.deleteStream(stream);
    },
    async countHistories(stream, group) {
      const lanes = [stream, replayStream(stream, group)];
      return lanes.reduce((sum, name) => sum + (current?.streams.get(name)?.groups.get(group)?.histories.size ?? 0), 0);
    },
  };
}

brokerConformance(memoryHarness());
brokerAdminConformance(memoryHarness());
deadLettersConformance(memoryHarness());
leaseConformance(memoryHarness());
controlConformance(memoryHarness());
