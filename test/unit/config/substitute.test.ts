import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { substitute } from "../../../src/config/substitute.ts";
import { faultsIn, load } from "./written.ts";

describe("variables in a string", () => {
  const textOf = (text: string, variables: Record<string, string | undefined>): string =>
    substitute(text, variables).text;

  test("several in one text, with and without defaults", () => {
    assert.equal(textOf("a ${X} b ${Y|why} c", { X: "1" }), "a 1 b why c");
    assert.equal(textOf("${X|}", {}), "");
    assert.equal(textOf("${X|http://h:1/a|b}", {}), "http://h:1/a|b");
  });

  test("an empty variable is set", () => {
    assert.equal(textOf("${X|default}", { X: "" }), "");
  });

  test("one pass: what a variable holds is not searched for variables", () => {
    assert.equal(textOf("${X}", { X: "${Y}", Y: "no" }), "${Y}");
    assert.equal(textOf("${X}", { X: "$${Y}" }), "$${Y}");
  });

  test("$${ is a literal ${", () => {
    assert.deepEqual(substitute("pa$${ss}", {}), { kind: "plain", text: "pa${ss}" });
  });

  test("a property of every object is no variable", () => {
    const result = substitute("${constructor}", {});
    assert.ok(result.kind === "substituted" && result.messages.length === 1);
  });

  for (const text of ["${1X}", "${X:-y}", "${X", "${}", "${A|${B}}"]) {
    test(`${text} cannot be read, which is said`, () => {
      const result = substitute(text, { X: "1", B: "2" });
      assert.ok(result.kind === "substituted");
      assert.match(result.messages[0] ?? "", /cannot be read/);
    });
  }
});

describe("what comes out becomes what the key wants", () => {
  test("integers, numbers and booleans, also with blanks around them", () => {
    const config = load(
      '[server]\nshutdown_timeout_seconds = "${S}"\n[server.health]\nport = "${PORT|8080}"\nenabled = "${ON|false}"\n',
      { S: " 1.5\n", PORT: "9090" },
    );
    assert.equal(config.server.shutdownTimeoutSeconds, 1.5);
    assert.deepEqual(config.server.health, { enabled: false, host: "127.0.0.1", port: 9090 });
  });

  test("a text that is none is a fault that does not quote it", () => {
    assert.deepEqual(faultsIn('[server.health]\nport = "${PORT}"\nenabled = "${ON}"\n', { PORT: "80a", ON: "maybe" }), [
      "domain.toml:2 server.health.port: must be an integer, is text that is none (from a variable)",
      "domain.toml:3 server.health.enabled: must be a boolean, is text that is none (from a variable)",
    ]);
  });

  test("a string without a variable is not coerced", () => {
    assert.deepEqual(faultsIn('[server.health]\nport = "8080"\n'), [
      "domain.toml:2 server.health.port: must be an integer, is a string",
    ]);
  });

  test("a variable cannot break out of its string", () => {
    const config = load('[telemetry]\nservice_name = "${NAME}"\n', { NAME: 'a"\n[server.health]\nport = 1' });
    assert.equal(config.telemetry.serviceName, 'a"\n[server.health]\nport = 1');
    assert.equal(config.server.health.port, 8080);
  });
});
