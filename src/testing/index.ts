/** `domain-engine/testing`: the embedded broker, and the suites that every broker adapter passes. */
export { createMemoryAdapter } from "../adapters/memory/adapter.ts";
