import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { describe, it } from "node:test";
import { z } from "zod";
import { Domain } from "../../../src/domain/domain.ts";
import { Event } from "../../../src/domain/elements.ts";
import { BrokerError } from "../../../src/errors.ts";
import { createWorld, type World } from "./cli-world.ts";

class OrderPlaced extends Event("OrderPlaced", z.object({ orderId: z.string() }), { version: "2" }) {}

function shop(): Domain {
  const domain = new Domain("shop");
  domain.aggregate("Order", { events: [OrderPlaced], key: "orderId" });
  return domain;
}

function events(world: World, stream = "order"): Record<string, unknown>[] {
  const log = world.adapter.streams.get(stream)?.log;
  return (log?.after({ ms: 0, seq: 0 }, 100_000) ?? []).map(
    ({ fields }) => JSON.parse(fields[1] ?? "") as Record<string, unknown>,
  );
}

function fileWith(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "engine-publish-")), name);
  writeFileSync(path, text);
  return path;
}

describe("engine publish", () => {
  it("publishes --data as a CloudEvent with the key of --key-field", async () => {
    const world = createWorld();
    const code = await world.run(
      "publish",
      "order",
      "OrderPlaced",
      "--data",
      '{"order":{"id":7}}',
      "--key-field=order.id",
      "--json",
    );
    assert.equal(code, 0);
    const [event] = events(world);
    assert.deepEqual(
      [event?.["type"], event?.["subject"], event?.["data"]],
      ["OrderPlaced", "7", { order: { id: 7 } }],
    );
    const result = JSON.parse(world.stdout.text) as Record<string, unknown>;
    assert.equal(result["published"], 1);
    assert.equal(result["first_id"], result["last_id"]);
  });

  it("publishes JSON Lines from stdin in order, skipping blank lines, also without a last newline", async () => {
    const world = createWorld({ stdin: '{"n":1}\n\n  \r\n{"n":2}\r\n{"n":3}' });
    assert.equal(await world.run("publish", "order", "OrderPlaced"), 0);
    assert.deepEqual(
      events(world).map((event) => event["data"]),
      [{ n: 1 }, { n: 2 }, { n: 3 }],
    );
    assert.match(world.stdout.text, /published 3 events of type OrderPlaced to order/);
  });

  it("publishes a line as soon as it is there, though stdin stays open", async () => {
    const stdin = new PassThrough();
    const world = createWorld({ stdin });
    const appended = new Promise<void>((resolve) => {
      const append = world.adapter.broker.append.bind(world.adapter.broker);
      world.adapter.broker.append = async (entries) => {
        const ids = await append(entries);
        resolve();
        return ids;
      };
    });
    const running = world.run("publish", "order", "OrderPlaced");
    stdin.write('{"n":1}\n{"n":');
    await appended;
    assert.equal(events(world).length, 1);
    stdin.end("2}\n");
    assert.equal(await running, 0);
    assert.equal(events(world).length, 2);
  });

  it("names the faulty line, and says how many were published before it", async () => {
    const world = createWorld({ stdin: '{"n":1}\n{"n":2}\n{"n":3\n{"n":4}\n' });
    assert.equal(await world.run("publish", "order", "OrderPlaced"), 2);
    assert.match(world.stderr.text, /line 3 is not JSON: .*2 published before it/);
    assert.equal(events(world).length, 2);
  });

  it("refuses whole numbers that a JSON reader would round, and keeps those in text", async () => {
    const world = createWorld({ stdin: '{"n":"12345678901234567890"}\n{"n":12345678901234567890}\n' });
    assert.equal(await world.run("publish", "order", "OrderPlaced"), 2);
    assert.match(world.stderr.text, /line 2 has the number 12345678901234567890/);
    assert.equal(events(world).length, 1);
  });

  it("refuses a line that is longer than an event may be, without reading it whole", async () => {
    async function* endless(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"n":1}\n"');
      for (let i = 0; i < 1_000; i += 1) yield Buffer.alloc(64 * 1024, "x");
      assert.fail("a line without an end was read to its end");
    }
    const world = createWorld({ stdin: Readable.from(endless()) });
    assert.equal(await world.run("publish", "order", "OrderPlaced"), 2);
    assert.match(world.stderr.text, /line 2 is longer than 1000000 bytes\. 1 published before it/);
    assert.match(world.stderr.text, /ENGINE_PUBLISH_TOO_LARGE/);
  });

  it("refuses a line that is not UTF-8", async () => {
    const world = createWorld({ stdin: Readable.from([Buffer.from([0x22, 0xff, 0x22, 0x0a])]) });
    assert.equal(await world.run("publish", "order", "OrderPlaced"), 2);
    assert.match(world.stderr.text, /line 1 is not valid UTF-8\. Nothing was published/);
  });

  it("refuses what consumers would refuse", async () => {
    const world = createWorld();
    assert.equal(await world.run("publish", "order", "OrderPlaced", "--data", '{"__proto__":{"a":1}}'), 2);
    assert.match(world.stderr.text, /--data would not be understood by consumers: .*__proto__/);
  });

  it("takes an array in a JSON file as a list of events, a line of a .jsonl file as one", async () => {
    const world = createWorld();
    await world.run("publish", "order", "A", "--file", fileWith("all.json", '[\n{"n":1},\n{"n":2}]'));
    await world.run("publish", "order", "B", "--file", fileWith("all.jsonl", '{"n":3}\n[4]\n'));
    const published = events(world).map((event) => [event["type"], event["data"]]);
    assert.deepEqual(published, [
      ["A", { n: 1 }],
      ["A", { n: 2 }],
      ["B", { n: 3 }],
      ["B", [4]],
    ]);
  });

  it("checks type, stream and data against the domain, and takes key and version from it", async () => {
    const world = createWorld({ domain: shop(), stdin: '{"orderId":"1"}\n{"orderId":2}\n' });
    assert.equal(await world.run("publish", "order", "OrderPlcaed", "--domain=app", "--data={}"), 2);
    assert.match(world.stderr.text, /the domain shop has no event OrderPlcaed[\s\S]*Did you mean OrderPlaced\?/);
    assert.equal(await world.run("publish", "orders", "OrderPlaced", "--domain=app", "--data={}"), 2);
    assert.match(world.stderr.text, /OrderPlaced belongs to the stream order, not orders/);
    assert.equal(await world.run("publish", "order", "OrderPlaced", "--domain=app"), 2);
    assert.match(world.stderr.text, /line 2 .*orderId/);
    const [event, ...others] = events(world);
    assert.deepEqual(
      [event?.["subject"], event?.["schemaversion"], event?.["source"], others.length],
      ["1", "2", "shop", 0],
    );
  });

  it("says that the outcome of a batch is unknown when the broker fails under it", async () => {
    const world = createWorld({ stdin: '{"n":1}\n{"n":2}\n' });
    world.adapter.broker.append = () =>
      Promise.reject(new BrokerError("no answer", { isTransient: true, isOutcomeUnknown: true }));
    assert.equal(await world.run("publish", "order", "OrderPlaced"), 1);
    assert.match(
      world.stderr.text,
      /the events at line 1 to line 2 may or may not be published: no answer\. Nothing was published before it/,
    );
  });

  it("wants something to publish when stdin is a terminal", async () => {
    const stdin = Object.assign(Readable.from([]), { isTTY: true });
    assert.equal(await createWorld({ stdin }).run("publish", "order", "OrderPlaced"), 2);
  });

  it("refuses a stream's name that the broker could not keep", async () => {
    const world = createWorld();
    assert.equal(await world.run("publish", "or der", "OrderPlaced", "--data={}"), 2);
    assert.match(world.stderr.text, /ENGINE_NAME_INVALID/);
  });

  it("ends at Ctrl-C with what it has published, exit code 1", async () => {
    const stdin = new PassThrough();
    const world = createWorld({ stdin });
    const append = world.adapter.broker.append.bind(world.adapter.broker);
    world.adapter.broker.append = async (entries) => {
      const ids = await append(entries);
      world.host.emit("SIGINT");
      return ids;
    };
    stdin.write('{"n":1}\n{"n":2');
    assert.equal(await world.run("publish", "order", "OrderPlaced"), 1);
    assert.match(world.stdout.text, /published 1 event /);
    assert.match(world.stderr.text, /interrupted/);
  });
});
