import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RULES } from "../../../src/check/registry.ts";
import { loadRules } from "../../../src/check/load-rules.ts";
import { isFailed, toGithub, toJson, toSarif } from "../../../src/check/report.ts";
import type { Finding, StaticRule } from "../../../src/check/rule.ts";
import { EngineError } from "../../../src/errors.ts";
import { check, CLEAN_TOML, createShop, inFolder, OrderPaid, OrderPlaced } from "./planted.ts";

const unhandled = (): ReturnType<typeof createShop> =>
  createShop([OrderPlaced, OrderPaid]).handler({ name: "Audit", stream: "order" }, OrderPlaced);
const suppressing = (entries: string): string => `${CLEAN_TOML}\n[check]\nsuppress = [${entries}]\n`;

describe("a suppression", () => {
  it("takes its finding out, and keeps it with the reason", async () => {
    const toml = suppressing('{ code = "CHECK_EVENT_UNHANDLED", on = "OrderPaid", reason = "billing reads it" }');
    const { findings, suppressed } = await check({ shop: unhandled(), toml });
    assert.deepEqual(findings, []);
    assert.deepEqual(
      suppressed.map(({ finding, reason }) => [finding.code, finding.on, reason]),
      [["CHECK_EVENT_UNHANDLED", "OrderPaid", "billing reads it"]],
    );
  });

  it("without `on` takes all of its code out", async () => {
    const { findings } = await check({
      shop: unhandled(),
      toml: suppressing('{ code = "CHECK_EVENT_UNHANDLED", reason = "r" }'),
    });
    assert.deepEqual(findings, []);
  });

  it("of something else leaves the finding, and is a finding itself, with its line", async () => {
    const toml = suppressing('{ code = "CHECK_EVENT_UNHANDLED", on = "OrderPlaced", reason = "r" }');
    const { findings } = await check({ shop: unhandled(), toml });
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["CHECK_EVENT_UNHANDLED", "CHECK_SUPPRESSION_UNUSED"],
    );
    assert.match(findings[1]?.message ?? "", /on "OrderPlaced" is suppressed, and was not found/);
    assert.deepEqual(findings[1]?.place, { file: "domain.toml", line: 14 });
  });

  it("of a code that does not exist says which was meant", async () => {
    const { findings } = await check({ toml: suppressing('{ code = "CHECK_EVENT_UNHANDELD", reason = "r" }') });
    assert.match(findings[0]?.message ?? "", /did you mean CHECK_EVENT_UNHANDLED\?/);
  });

  it("of a live rule is not called unused by a check that did not ask the servers", async () => {
    const { findings } = await check({ toml: suppressing('{ code = "CHECK_REDIS_MAXMEMORY", reason = "r" }') });
    assert.deepEqual(findings, []);
  });

  for (const [fault, entry, message] of [
    ["without a reason", '{ code = "CHECK_DLQ_OFF" }', /check\.suppress: number 1 has no reason/],
    ["with an empty reason", '{ code = "CHECK_DLQ_OFF", reason = " " }', /has reason that is not text, or empty/],
    [
      "with a misspelt field",
      '{ code = "CHECK_DLQ_OFF", reson = "r" }',
      /unknown field "reson"; did you mean "reason"/,
    ],
    ["that is no table", '"CHECK_DLQ_OFF"', /number 1 is not a table/],
  ] as const) {
    it(`${fault} is a fault of the configuration`, async () => {
      await assert.rejects(check({ toml: suppressing(entry) }), (error: Error) => {
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

describe("rules", () => {
  const rule: StaticRule = {
    scope: "static",
    code: "SHOP_RULE",
    severity: "error",
    title: "t",
    rationale: "r",
    fix: "f",
    run: () => [],
  };

  it("that throw are findings, and do not keep the others from running", async () => {
    const broken: StaticRule = {
      ...rule,
      run: () => {
        throw new Error("boom");
      },
    };
    const { findings } = await check({ shop: unhandled(), rules: [broken, ...RULES] });
    assert.deepEqual(
      findings.map(({ code, on, severity }) => [code, on, severity]),
      [
        ["CHECK_RULE_FAILED", "SHOP_RULE", "error"],
        ["CHECK_EVENT_UNHANDLED", "OrderPaid", "warning"],
      ],
    );
    assert.match(findings[0]?.message ?? "", /SHOP_RULE threw: boom/);
  });

  it("have codes of their own, and sentences", () => {
    const codes = RULES.map(({ code }) => code);
    assert.equal(new Set(codes).size, codes.length);
    for (const { code, title, rationale, fix } of RULES) {
      assert.match(code, /^CHECK_[A-Z_]+$/);
      assert.match(rationale, /\.$/, code);
      assert.match(fix, /\.$/, code);
      assert.doesNotMatch(title, /\.$/, code);
    }
  });

  it("of an application are loaded from modules, run, and suppressed like any other", async () => {
    const source = `export default { ...${JSON.stringify(rule)}, run: ({ model }) => [{ on: model.name, message: "seen" }] };`;
    await inFolder({ "checks/mine.mjs": source }, async (folder) => {
      const own = await loadRules(["./checks/mine.mjs"], folder);
      assert.deepEqual(
        (await check({ rules: [...RULES, ...own] })).findings.map(({ code, on }) => [code, on]),
        [["SHOP_RULE", "shop"]],
      );
      const suppressed = await check({
        rules: [...RULES, ...own],
        toml: suppressing('{ code = "SHOP_RULE", reason = "r" }'),
      });
      assert.deepEqual(suppressed.findings, []);
    });
  });

  for (const [fault, source, message] of [
    ["exports none", "export const x = 1;", /exports no rule/],
    [
      "takes a code of the engine's",
      `export default ${JSON.stringify({ ...rule, code: "CHECK_X" })};`,
      /CHECK_ are the engine's own/,
    ],
    ["has no run", `export default ${JSON.stringify(rule)};`, /`run` must be a function/],
    ["throws", "throw new Error('boom');", /threw while it was loaded: boom/],
    [
      "has no severity",
      `export default { ...${JSON.stringify(rule)}, severity: "fatal", run() {} };`,
      /`severity` must be/,
    ],
  ] as const) {
    it(`are refused where a module ${fault}`, async () => {
      await inFolder({ "rule.mjs": source }, async (folder) => {
        await assert.rejects(loadRules(["./rule.mjs"], folder), (error: unknown) => {
          assert.ok(error instanceof EngineError && error.code === "ENGINE_CHECK_RULE_INVALID");
          assert.match(error.message, message);
          return true;
        });
      });
    });
  }

  it("are not loaded from outside the project", async () => {
    await inFolder({ "rule.mjs": `export default {};`, "project/domain.toml": "" }, async (folder) => {
      await assert.rejects(loadRules(["../rule.mjs"], `${folder}/project`), /no such file inside/);
    });
  });
});

describe("reports", () => {
  const finding: Finding = {
    code: "CHECK_PROBE_LOOPBACK",
    severity: "warning",
    title: "a, title: 100 %",
    rationale: "r.",
    fix: "mend it.",
    message: "host is 127.0.0.1\nindeed",
    on: "server.health.host",
    place: { file: "conf/domain.toml", line: 7 },
  };
  const nowhere: Finding = { ...finding, code: "CHECK_DLQ_OFF", severity: "error", on: "Audit", place: null };
  const result = {
    environment: "production",
    isProduction: true,
    live: null,
    descriptions: RULES,
    findings: [nowhere, finding, { ...finding, severity: "info" as const }],
    suppressed: [{ finding, reason: "behind a sidecar" }],
  };

  it("shut the gate at errors, and at warnings when strict", () => {
    assert.equal(isFailed([nowhere], false), true);
    assert.equal(isFailed([finding], false), false);
    assert.equal(isFailed([finding], true), true);
    assert.equal(isFailed([{ ...finding, severity: "info" }], true), false);
  });

  it("in SARIF 2.1.0 have rules, results with places and levels, and suppressions with their justification", () => {
    const log = toSarif(result);
    assert.equal(log.version, "2.1.0");
    assert.match(log.$schema, /sarif-2\.1\.0/);
    const [run] = log.runs;
    assert.equal(run.tool.driver.rules.length, RULES.length);
    for (const each of run.tool.driver.rules)
      assert.ok(each.id && each.shortDescription.text && each.help.text && each.defaultConfiguration.level);
    assert.deepEqual(
      run.results.map((each) => each.level),
      ["error", "warning", "note", "warning"],
    );
    for (const each of run.results) assert.equal(run.tool.driver.rules[each.ruleIndex ?? -1]?.id, each.ruleId);
    assert.deepEqual(run.results[1]?.locations, [
      {
        physicalLocation: { artifactLocation: { uri: "conf/domain.toml" }, region: { startLine: 7 } },
        logicalLocations: [{ name: "server.health.host" }],
      },
    ]);
    assert.deepEqual(run.results[0]?.locations, [{ logicalLocations: [{ name: "Audit" }] }]);
    assert.deepEqual(run.results[3]?.suppressions, [{ kind: "external", justification: "behind a sidecar" }]);
    assert.equal(run.results[1]?.suppressions, undefined);
  });

  it("for GitHub are one escaped workflow command a line", () => {
    assert.deepEqual(toGithub(result), [
      "::error title=CHECK_DLQ_OFF%3A a%2C title%3A 100 %25::Audit: host is 127.0.0.1%0Aindeed%0Amend it.",
      "::warning file=conf/domain.toml,line=7,title=CHECK_PROBE_LOOPBACK%3A a%2C title%3A 100 %25::server.health.host: host is 127.0.0.1%0Aindeed%0Amend it.",
      "::notice file=conf/domain.toml,line=7,title=CHECK_PROBE_LOOPBACK%3A a%2C title%3A 100 %25::server.health.host: host is 127.0.0.1%0Aindeed%0Amend it.",
    ]);
  });

  it("in JSON have counts, findings and what was suppressed", () => {
    const json = toJson(result);
    assert.deepEqual(json.counts, { error: 1, warning: 1, info: 1 });
    assert.equal(json.findings.length, 3);
    assert.equal(json.suppressed[0]?.reason, "behind a sidecar");
    assert.equal(json.server, null);
  });
});
