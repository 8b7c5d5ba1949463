import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Command } from "commander";
import { createProgram } from "../../../src/cli/program.ts";
import { exitCodeOf } from "../../../src/cli/exit-code.ts";
import { BrokerError, EngineError } from "../../../src/errors.ts";
import { createWorld } from "./cli-world.ts";

interface Documented {
  readonly name: string;
  readonly words: readonly string[];
}

/** Every command that does something, with the flags and arguments it takes. */
function leaves(command: Command, path: readonly string[]): Documented[] {
  const below = command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
  // One with commands below it and options of its own does something itself.
  if (below.length > 0 && (path.length === 1 || command.options.length === 0)) return below;
  const args = command.registeredArguments.map((argument) => {
    const name = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [
    {
      name: path.join(" "),
      words: [...args, ...command.options.filter((option) => !option.hidden).map((option) => option.flags)].toSorted(),
    },
    ...below,
  ];
}

/** The commands of the reference page, with what stands first in the rows of their tables. */
function documented(): Documented[] {
  const page = readFileSync(new URL("../../../docs/reference/cli.md", import.meta.url), "utf8");
  return page
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const [, name] = /^`(engine [a-z ]+)`/.exec(section) ?? [];
      if (name === undefined) return [];
      const words = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, word]) => word ?? "");
      return [{ name, words: words.toSorted() }];
    });
}

describe("docs/reference/cli.md", () => {
  it("has every command with every argument and option, and no others", () => {
    const byName = (a: Documented, b: Documented): number => a.name.localeCompare(b.name);
    assert.deepEqual(
      documented().toSorted(byName),
      leaves(createProgram(createWorld().context), ["engine"]).toSorted(byName),
    );
  });
});

describe("the engine program", () => {
  it("shows help with an example for every command, on stdout, with exit code 0", async () => {
    for (const { name } of leaves(createProgram(createWorld().context), ["engine"])) {
      const world = createWorld();
      assert.equal(await world.run(...name.split(" ").slice(1), "--help"), 0, name);
      assert.match(world.stdout.text, new RegExp(`Examples?:\\n {2}\\$ ${name}`), name);
      assert.equal(world.stderr.text, "");
    }
  });

  it("prints its version", async () => {
    const world = createWorld();
    assert.equal(await world.run("--version"), 0);
    assert.match(world.stdout.text, /^\d+\.\d+\.\d+\n$/);
  });

  it("prints an unknown option once, with what was probably meant, and exits with 2", async () => {
    const world = createWorld();
    assert.equal(await world.run("dlq", "list", "--strem=order"), 2);
    assert.match(
      world.stderr.text,
      /^error: unknown option '--strem=order'\nhint: Did you mean --stream\? See `engine dlq list --help`\.\ncode: ENGINE_USAGE\n$/,
    );
    assert.equal(world.stdout.text, "");
  });

  for (const args of [
    ["nonsense"],
    [],
    ["dlq"],
    ["server"],
    ["publish", "order"],
    ["dlq", "list", "--limit=0"],
    ["dlq", "show", "a", "b"],
  ]) {
    it(`exits with 2 on \`${["engine", ...args].join(" ")}\``, async () => {
      const world = createWorld();
      assert.equal(await world.run(...args), 2);
      assert.notEqual(world.stderr.text, "");
    });
  }

  it("tells usage from failure by the error's code", () => {
    assert.equal(exitCodeOf(new EngineError("ENGINE_CONFIG_INVALID", "x")), 2);
    assert.equal(exitCodeOf(new BrokerError("x", { isTransient: true })), 1);
    assert.equal(exitCodeOf(new TypeError("x")), 1);
  });
});
