/** `domain-engine/testing`: the embedded broker, and the suites that every broker adapter passes. */
export { createMemoryAdapter } from "../adapters/memory/adapter.ts";
export { brokerAdminConformance } from "./conformance/broker-admin.ts";
export { brokerConformance } from "./conformance/broker.ts";
export { controlConformance } from "./conformance/control.ts";
export { deadLettersConformance } from "./conformance/dead-letters.ts";
export type { BrokerHarness } from "./conformance/harness.ts";
export { leaseConformance } from "./conformance/lease.ts";
