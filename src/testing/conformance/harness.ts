/**
 * How a conformance suite gets at the adapter under test.
 *
 * A suite is a table of cases, each a sentence of a port's contract. Every case runs in a {@link Scenario}: a stream and a
 * group of its own on one shared adapter, so that a server need not be emptied in between.
 */
import { after, before, describe, it } from "node:test";

import type { BrokerAdapter } from "../../ports/broker-adapter.ts";
import { Scenario } from "./scenario.ts";

export interface BrokerHarness {
  /** Names the suite in the test report. */
  readonly name: string;
  /** A new adapter, not connected. `dispose` removes what the adapter's own `close` leaves behind. */
  createAdapter(): Promise<{ readonly adapter: BrokerAdapter; dispose(): Promise<void> }>;
  /** Moves the adapter's clock on. Without it the suite waits in real time. */
  advance?(ms: number): void;
  /** Deletes one entry behind the adapter's back. */
  deleteEntry?(stream: string, entryId: string): Promise<void>;
  /** Deletes a stream with all its groups behind the adapter's back. */
  deleteStream?(stream: string): Promise<void>;
  /** Appends an entry whose values need not be UTF-8. Leave it out where values can only be text. */
  appendBytes?(stream: string, fields: readonly Uint8Array[]): Promise<string>;
  /** How many deliveries of a group have a stored history, on both lanes. */
  countHistories?(stream: string, group: string): Promise<number>;
}

/** What a case needs of the harness beyond an adapter. Where it is not there, the case is skipped and says so. */
export type HarnessAbility = "deleteEntry" | "deleteStream" | "appendBytes" | "countHistories";

export interface ConformanceCase {
  /** What is proved, as a sentence. */
  readonly sentence: string;
  readonly needs?: HarnessAbility;
  run(scenario: Scenario): Promise<void>;
}

const CONNECT_DEADLINE_MS = 5000;
const CASE_TIMEOUT_MS = 10_000;

/** Registers the cases with `node:test`, over one adapter that is connected before and closed after them. */
export function registerCases(
  harness: BrokerHarness,
  port: string,
  sections: Readonly<Record<string, readonly ConformanceCase[]>>,
): void {
  describe(`${harness.name}: ${port}`, () => {
    let current: Awaited<ReturnType<BrokerHarness["createAdapter"]>> | undefined;

    before(async () => {
      current = await harness.createAdapter();
      await current.adapter.broker.connect(CONNECT_DEADLINE_MS, AbortSignal.timeout(CONNECT_DEADLINE_MS));
    });
    after(async () => {
      await current?.adapter.broker.close();
      await current?.dispose();
    });

    for (const [section, cases] of Object.entries(sections)) {
      describe(section, () => {
        for (const { sentence, needs, run } of cases) {
          const isUnable = needs !== undefined && harness[needs] === undefined;
          it(sentence, { timeout: CASE_TIMEOUT_MS, skip: isUnable && `the harness has no ${needs}` }, async () => {
            if (current === undefined) throw new Error("the adapter was not created");
            const scenario = new Scenario(harness, current.adapter);
            try {
              await run(scenario);
            } finally {
              await scenario.close();
            }
          });
        }
      });
    }
  });
}
