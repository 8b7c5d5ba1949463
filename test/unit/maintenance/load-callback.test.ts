import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { EngineError } from "../../../src/errors.ts";
import { loadAlertCallback } from "../../../src/maintenance/load-callback.ts";

const root = mkdtempSync(join(tmpdir(), "alerts-"));
const project = join(root, "project");
mkdirSync(join(project, "sub"), { recursive: true });
mkdirSync(join(root, "project-two"));
writeFileSync(
  join(project, "alerts.mjs"),
  "export function onAlert() { return 'called'; }\nexport const text = 'x';\n",
);
writeFileSync(join(project, "sub", "with space.mjs"), "export default () => 'default';\n");
writeFileSync(join(project, "throws.mjs"), "throw new Error('at load');\n");
writeFileSync(join(root, "outside.mjs"), "globalThis.wasLoaded = true; export const onAlert = () => {};\n");
writeFileSync(
  join(root, "project-two", "alerts.mjs"),
  "globalThis.wasLoaded = true; export const onAlert = () => {};\n",
);
symlinkSync(join(root, "outside.mjs"), join(project, "link.mjs"));
after(() => rmSync(root, { recursive: true }));

describe("an alert callback", () => {
  it("is a named export of a file inside the project, default included", async () => {
    for (const specifier of [
      "./alerts.mjs#onAlert",
      "alerts.mjs#onAlert",
      "./sub/../alerts.mjs#onAlert",
      join(project, "alerts.mjs#onAlert"),
    ]) {
      assert.equal((await loadAlertCallback(specifier, project))({} as never), "called", specifier);
    }
    assert.equal((await loadAlertCallback("./sub/with space.mjs#default", project))({} as never), "default");
  });

  const REFUSED: readonly (readonly [string, string, RegExp])[] = [
    ["nothing", "", /no such file inside/],
    ["no file", "#onAlert", /no such file inside/],
    ["a file that is not there", "./gone.mjs#onAlert", /no such file inside/],
    ["a directory", "./sub#onAlert", /threw while it was loaded|no such file/],
    ["no export named", "./alerts.mjs", /exports no function ""/],
    ["an export that is not there", "./alerts.mjs#other", /exports no function "other"/],
    ["an export that is no function", "./alerts.mjs#text", /exports no function "text"/],
    ["what every object has", "./alerts.mjs#toString", /exports no function/],
    ["a prototype", "./alerts.mjs#__proto__", /exports no function/],
    ["a module that throws", "./throws.mjs#onAlert", /at load/],
    ["a file above the project", "../outside.mjs#onAlert", /no such file inside/],
    ["an absolute path elsewhere", join(root, "outside.mjs#onAlert"), /no such file inside/],
    ["a neighbour whose name begins alike", "../project-two/alerts.mjs#onAlert", /no such file inside/],
    ["a link that leads out", "./link.mjs#onAlert", /no such file inside/],
    ["a package or built-in module", "node:fs#rmSync", /no such file inside/],
    ["a data URL", "data:text/javascript,globalThis.wasLoaded=true#x", /no such file inside/],
    ["a file URL", `file://${join(root, "outside.mjs")}#onAlert`, /no such file inside/],
    ["a NUL byte", "./alerts.mjs\0#onAlert", /no such file inside/],
  ];
  for (const [what, specifier, pattern] of REFUSED) {
    it(`refuses ${what}, with its place and what to do`, async () => {
      await assert.rejects(
        loadAlertCallback(specifier, project),
        (error) =>
          error instanceof EngineError &&
          error.code === "ENGINE_CALLBACK_INVALID" &&
          pattern.test(error.message) &&
          error.message.includes("server.dlq.alert_callback") &&
          error.hint !== undefined,
      );
      assert.equal((globalThis as { wasLoaded?: boolean }).wasLoaded, undefined, "nothing outside the project ran");
    });
  }
});
