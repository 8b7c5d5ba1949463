// Ten subscriptions on ten streams, with nothing to do.
const { defineHandler, Domain, Event, on } = await import(process.env.BENCH_ENGINE);
const { z } = await import("zod");

export const domain = new Domain("idle");
for (let i = 0; i < 10; i += 1) {
  class Happened extends Event(`Happened${i}`, z.object({ n: z.number() })) {}
  domain.register(
    defineHandler(
      { name: `Handler${i}`, stream: `bench-idle-${i}` },
      on(Happened, async () => undefined),
    ),
  );
}
