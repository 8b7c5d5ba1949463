import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createOutput } from "../../../src/cli/output.ts";
import { formatTable, truncate, widthOf } from "../../../src/cli/table.ts";
import { visible, visibleJson } from "../../../src/cli/visible.ts";
import { EngineError } from "../../../src/errors.ts";
import { Sink } from "./cli-world.ts";

describe("visible", () => {
  it("writes out whatever could steer a terminal", () => {
    assert.equal(
      visible("a\u001b[31mb\n\u0007\u009b\u202ec\u2066\u200b"),
      "a\\x1b[31mb\\n\\x07\\x9b\\u202ec\\u2066\\u200b",
    );
    assert.equal(visible("Grüße, 世界 🎉"), "Grüße, 世界 🎉");
  });

  it("keeps JSON that parses to the same value", () => {
    const value = { text: "a\u202eb\u009bc\u{e0041}\u001bd", line: "x\ny" };
    const json = visibleJson(value, 2);
    assert.deepEqual(JSON.parse(json), value);
    assert.doesNotMatch(json.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
  });
});

describe("formatTable", () => {
  const columns = [{ title: "id", isWhole: true }, { title: "error" }, { title: "n", align: "right" as const }];

  it("cuts the widest columns until the table fits, and never an id", () => {
    const lines = formatTable(columns, [["1762171205000-0", "a very long message indeed", 12]], 40);
    assert.ok(
      lines.every((line) => widthOf(line) <= 40),
      lines.join("\n"),
    );
    assert.match(lines[1] ?? "", /^1762171205000-0 {2}a very.*… +12$/);
  });

  it("shows what is unknown as a dash, and 0 as 0", () => {
    assert.deepEqual(formatTable(columns, [["1-0", null, 0]], 80)[1], "1-0  -      0");
  });

  it("counts wide characters as two columns", () => {
    assert.equal(widthOf("世界"), 4);
    assert.equal(truncate("世界世界", 5), "世界…");
  });
});

describe("output", () => {
  it("takes passwords out of errors, and shows the stack only when asked", () => {
    const stderr = new Sink();
    const output = createOutput(new Sink(), stderr);
    const error = new EngineError("ENGINE_BROKER_UNAVAILABLE", "cannot reach redis://u:s3cret@host:1/0", {
      hint: "Start it.",
    });
    output.error(error, { isVerbose: false });
    assert.deepEqual(stderr.lines, [
      "error: cannot reach redis://u:***@host:1/0",
      "hint: Start it.",
      "code: ENGINE_BROKER_UNAVAILABLE",
    ]);
    output.error(error, { isVerbose: true });
    assert.match(stderr.text, /at .*output\.test\.ts/);
    assert.doesNotMatch(stderr.text, /s3cret/);
  });

  it("says nothing when the reader of stdout has gone, and lets the command know", async () => {
    const stdout = new Sink();
    const stderr = new Sink();
    const output = createOutput(stdout, stderr);
    stdout.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    await output.line("more");
    assert.equal(output.closed.aborted, true);
    assert.equal(stdout.text + stderr.text, "");
  });

  it("prints no colours to anything but a terminal", async () => {
    const stdout = new Sink();
    await createOutput(stdout, new Sink()).table([{ title: "a" }], [["b"]]);
    assert.deepEqual(stdout.lines, ["a", "b"]);
  });
});
