import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { createProgram } from "../../../src/cli/program.ts";
import { wordsOf } from "../../../src/cli/completion/words.ts";
import { createWorld } from "./cli-world.ts";

async function scriptFor(shell: string): Promise<string> {
  const world = createWorld();
  assert.equal(await world.run("completion", shell), 0);
  return world.stdout.text;
}

/** What bash offers for the last of these words. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const script = `${await scriptFor("bash")}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _engine; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync("bash", ["-c", script, "bash", "engine", ...words], { encoding: "utf8" });
  return text.split("\n").filter((line) => line !== "");
}

const commands = wordsOf(createProgram(createWorld().context));

describe("completion", () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    it(`names every command and long option of the program: ${shell}`, async () => {
      const script = await scriptFor(shell);
      for (const { path, options } of commands) {
        for (const word of path) assert.ok(script.includes(word), word);
        for (const flag of options.flatMap(({ flags }) => flags)) {
          const spelt = shell === "fish" ? flag.replace(/^--?/, flag.startsWith("--") ? "-l " : "-s ") : flag;
          assert.ok(script.includes(spelt), `${path.join(" ")} ${flag}`);
        }
      }
    });
  }

  it("offers in bash what the typed command takes, and nothing else", async () => {
    assert.deepEqual(await offered("dlq", "re"), ["replay"]);
    assert.deepEqual(await offered("completion", ""), ["bash", "zsh", "fish", "-v", "--verbose", "-h", "--help"]);
    const replay = await offered("dlq", "replay", "--stream", "order", "--");
    assert.ok(replay.includes("--rate") && !replay.includes("--until-idle"), replay.join(" "));
    assert.ok((await offered("server", "--")).includes("--until-idle"));
  });

  it("offers in bash the values of an option, spelt either way, and leaves files to the shell", async () => {
    assert.deepEqual(await offered("server", "--log-level", "de"), ["debug"]);
    assert.deepEqual(await offered("server", "--log-level", "=", "de"), ["debug"]);
    assert.deepEqual(await offered("server", "--config", "do"), []);
  });

  it("takes no shell it does not know", async () => {
    const world = createWorld();
    assert.equal(await world.run("completion", "tcsh"), 2);
    assert.match(world.stderr.text, /bash, zsh, fish/);
  });
});
