import { after } from "node:test";
import { pino } from "pino";
import { createRedisAdapter } from "../../src/adapters/redis/adapter.ts";
import { historyKey } from "../../src/message/names.ts";
import { brokerAdminConformance } from "../../src/testing/conformance/broker-admin.ts";
import { brokerConformance } from "../../src/testing/conformance/broker.ts";
import { controlConformance } from "../../src/testing/conformance/control.ts";
import { deadLettersConformance } from "../../src/testing/conformance/dead-letters.ts";
import type { BrokerHarness } from "../../src/testing/conformance/harness.ts";
import { leaseConformance } from "../../src/testing/conformance/lease.ts";
import { startCluster } from "../support/redis-cluster.ts";

const cluster = await startCluster();
const operator = cluster.control;

after(() => cluster.close());

const harness: BrokerHarness = {
  name: "redis cluster",
  async createAdapter() {
    const log = pino({ level: "silent" });
    const adapter = createRedisAdapter({ name: "default", uri: cluster.url, maxConnections: 50, log });
    return { adapter, dispose: async () => undefined };
  },
  async deleteEntry(stream, entryId) {
    await operator.xdel(stream, entryId);
  },
  async deleteStream(stream) {
    await operator.del(stream);
  },
  async appendBytes(stream, fields) {
    const id = await operator.xadd(stream, "*", ...fields.map((field) => Buffer.from(field)));
    return String(id);
  },
  async countHistories(stream, group) {
    const keys = (["main", "replay"] as const).map((lane) => historyKey(stream, group, lane));
    const counts = await Promise.all(keys.map((key) => operator.hlen(key)));
    return counts.reduce((sum, count) => sum + count, 0);
  },
};

brokerConformance(harness);
brokerAdminConformance(harness);
deadLettersConformance(harness);
leaseConformance(harness);
controlConformance(harness);
