// Handlers that take two seconds, and say when they begin and end.
import { setTimeout as sleep } from "node:timers/promises";

const { defineHandler, Domain, Event, on } = await import(process.env.BENCH_ENGINE);
const { z } = await import("zod");

class OrderPlaced extends Event("OrderPlaced", z.object({ n: z.number() })) {}

export const domain = new Domain("slow");
domain.register(
  defineHandler(
    { name: "Slow", stream: "bench-slow", subscriptionConfig: { concurrency: 50 } },
    on(OrderPlaced, async (event, context) => {
      process.stdout.write(`begin ${event.n} ${context.attempt}\n`);
      await sleep(2000);
      process.stdout.write(`end ${event.n} ${context.attempt}\n`);
    }),
  ),
);
