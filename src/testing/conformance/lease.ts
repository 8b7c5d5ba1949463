/** The contract of `ports/lease.ts`, case by case. */
import assert from "node:assert/strict";

import { registerCases, type BrokerHarness, type ConformanceCase } from "./harness.ts";
import { LEASE_MS, LONG_MS, type Scenario } from "./scenario.ts";

/** Registers the suite of the leases. */
export function leaseConformance(harness: BrokerHarness): void {
  registerCases(harness, "Lease", { holding: LEASE_CASES });
}

async function held(s: Scenario, holder: string, ttlMs = LONG_MS): Promise<number> {
  const generation = await s.adapter.lease.acquire(s.stream, holder, ttlMs);
  return generation ?? assert.fail(`${holder} did not get the lease`);
}

const LEASE_CASES: readonly ConformanceCase[] = [
  {
    sentence: "of many that ask at the same moment one gets the lease",
    async run(s) {
      const asked = ["a", "b", "c", "d", "e"].map((holder) => s.adapter.lease.acquire(s.stream, holder, LONG_MS));
      const got = (await Promise.all(asked)).filter((generation) => generation !== null);
      assert.equal(got.length, 1);
    },
  },
  {
    sentence: "while one holds it, others get null",
    async run(s) {
      await held(s, "a");
      assert.equal(await s.adapter.lease.acquire(s.stream, "b", LONG_MS), null);
    },
  },
  {
    sentence: "leases of different names are nothing to each other",
    async run(s) {
      await held(s, "a");
      assert.notEqual(await s.adapter.lease.acquire(`${s.stream}:other`, "b", LONG_MS), null);
    },
  },
  {
    sentence: "the holder renews it, for longer, in the same generation",
    async run(s) {
      const generation = await held(s, "a", LEASE_MS);
      assert.equal(await held(s, "a", LONG_MS), generation);
      await s.pass(LEASE_MS);
      assert.equal(await s.adapter.lease.acquire(s.stream, "b", LONG_MS), null);
    },
  },
  {
    sentence: "one that is not renewed runs out, and the next holder's generation is higher",
    async run(s) {
      const first = await held(s, "a", LEASE_MS);
      await s.pass(LEASE_MS);
      const second = await held(s, "b");
      assert.ok(second > first, `${second} does not come after ${first}`);
      assert.equal(await s.adapter.lease.acquire(s.stream, "a", LONG_MS), null);
    },
  },
  {
    sentence: "one that is given up is free at once, and the generation goes on growing",
    async run(s) {
      const generations = [];
      for (const holder of ["a", "b", "a"]) {
        generations.push(await held(s, holder));
        await s.adapter.lease.release(s.stream, holder);
      }
      assert.deepEqual(
        generations,
        generations.toSorted((a, b) => a - b),
      );
      assert.equal(new Set(generations).size, 3);
    },
  },
  {
    sentence: "only its holder can give it up",
    async run(s) {
      await held(s, "a");
      await s.adapter.lease.release(s.stream, "b");
      await s.adapter.lease.release(`${s.stream}:unknown`, "b");
      assert.equal(await s.adapter.lease.acquire(s.stream, "b", LONG_MS), null);
    },
  },
];
