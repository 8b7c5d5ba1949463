import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLogger } from "../../../src/telemetry/log.ts";
import { Sink } from "../cli/cli-world.ts";

function logged(format: "json" | "pretty", write: (log: ReturnType<typeof createLogger>) => void): string {
  const sink = new Sink();
  write(createLogger({ level: "trace", format, destination: sink, isTerminal: false }));
  return sink.text;
}

describe("createLogger", () => {
  it("writes one JSON line per event, with the level in words and the time in ISO 8601", () => {
    const line = JSON.parse(logged("json", (log) => log.warn({ subscription: "shop.Audit" }, "slow"))) as Record<
      string,
      unknown
    >;
    assert.deepEqual([line["level"], line["msg"], line["subscription"]], ["warn", "slow", "shop.Audit"]);
    assert.match(String(line["time"]), /^\d{4}-\d\d-\d\dT.*Z$/);
  });

  for (const format of ["json", "pretty"] as const) {
    it(`never writes a credential (${format})`, () => {
      const text = logged(format, (log) => {
        const error = new Error("cannot reach redis://user:s3cret@host", {
          cause: new Error("amqp://a:s3cret@b failed"),
        });
        log.error({ err: error }, "lost redis://:s3cret@host:6379/0");
        log.info({ options: { password: "s3cret", nested: [{ apiToken: "s3cret" }] }, Authorization: "s3cret" });
        log.child({ uri: "rediss://u:s3cret@host", client_secret: "s3cret" }).debug("child");
        log.info("connecting to %s", "redis://u:s3cret@host");
        log.error(error);
      });
      assert.doesNotMatch(text, /s3cret/);
      assert.match(text, /redis:\/\/user:\*\*\*@host/);
    });
  }

  it("does not take numbers and ids for secrets", () => {
    const text = logged("json", (log) => log.info({ tokens: 5, subscription: "shop.TokenHandler" }, "x"));
    assert.match(text, /"tokens":5/);
    assert.match(text, /shop\.TokenHandler/);
  });

  it("keeps a line JSON whatever is taken out of it", () => {
    const text = logged("json", (log) => log.info({ note: 'password=a\\"b' }, 'token="s3cret" redis://u:p"q@h'));
    assert.equal((JSON.parse(text) as { note: string }).note.startsWith("password=***"), true);
  });

  it("copes with circular and very deep objects", () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    assert.match(
      logged("json", (log) => log.info({ circular }, "round")),
      /"msg":"round"/,
    );
  });
});
