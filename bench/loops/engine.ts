/** The engine as a program would run it: profile `production`, zod, an async handler that does nothing. */
import { pathToFileURL } from "node:url";
import { z } from "zod";
import type * as EngineModule from "../../src/index.ts";
import { createTally, readInput, sendAndExit } from "./tally.ts";

const input = readInput();
const { createEngine, defineHandler, Domain, Event, on } = (await import(
  pathToFileURL(`${input.engineDir}/index.js`).href
)) as typeof EngineModule;

const tally = createTally(input);
class OrderPlaced extends Event(
  "OrderPlaced",
  z.object({ orderId: z.string(), n: z.number(), sentMs: z.number(), note: z.string() }),
) {}
const domain = new Domain("bench");
domain.register(
  defineHandler(
    { name: input.group, stream: input.stream, subscriptionProfile: "production" },
    on(OrderPlaced, async (event) => {
      tally.record(event.n, event.sentMs);
    }),
  ),
);
const engine = await createEngine(domain, {
  brokers: { default: { provider: "redis", URI: input.url } },
  server: { health: { enabled: false } },
  logging: { level: "warn", format: "json" },
});
await engine.start();
process.send?.({ kind: "ready" });
await tally.done;
await engine.stop();
sendAndExit(tally.report());
