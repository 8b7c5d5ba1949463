import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { createProgram } from "../../../src/cli/program.ts";
import { createWorld } from "../cli/cli-world.ts";
import { commandsIn, faultOf } from "./documented-commands.ts";
import { filesBelow, read } from "./manifests.ts";

const program = createProgram(createWorld().context);
const pages = [...filesBelow("docs", /\.md$/), "README.md", "llms.txt"].filter((file) =>
  existsSync(new URL(`../../../${file}`, import.meta.url)),
);

describe("every command in the documents", () => {
  for (const page of pages) {
    it(`exists, with its options: ${page}`, () => {
      const faults = commandsIn(read(page)).map((line) => [line, faultOf(line, program)] as const);
      assert.deepEqual(
        faults.filter(([, fault]) => fault !== null),
        [],
      );
    });
  }

  it("is found, also when it is wrong", () => {
    const page =
      "Run `engine dlq lsit` or\n\n```sh\n$ engine dlq replay --al --yes | cat\nkubectl exec deploy/x -- engine nonsense\n```\n";
    assert.deepEqual(
      commandsIn(page).map((line) => faultOf(line, program)),
      ['"lsit" is no command of dlq', "replay has no option --al", '"nonsense" is no command of engine'],
    );
    assert.ok(commandsIn(read("docs/runbook.md")).length >= 10);
  });
});

describe("every link in the documents", () => {
  for (const page of pages) {
    it(`leads to a file: ${page}`, () => {
      const links = [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
        ([, link]) => link ?? "",
      );
      const missing = links.filter((link) => !existsSync(new URL(link, new URL(`../../../${page}`, import.meta.url))));
      assert.deepEqual(missing, []);
    });
  }
});
