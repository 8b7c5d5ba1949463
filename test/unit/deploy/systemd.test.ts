import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";
import { EXIT } from "../../../src/cli/exit-code.ts";
import { createProgram } from "../../../src/cli/program.ts";
import { createWorld } from "../cli/cli-world.ts";
import { longestShutdownSeconds, read } from "./manifests.ts";

const PATH = "deploy/systemd/domain-engine.service";
const text = read(PATH);

/** The values of a setting, in order. */
function settings(name: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value]) => value ?? "");
}

describe("the systemd unit", () => {
  it("waits longer than the longest shutdown of the timeout it speaks of", async () => {
    const timeout = Number(/shutdown_timeout_seconds = (\d+)/.exec(text)?.[1]);
    const longest = await longestShutdownSeconds(timeout);
    assert.ok(Number(settings("TimeoutStopSec")[0]) >= longest, `${longest} s`);
    assert.deepEqual(settings("KillSignal"), ["SIGTERM"]);
  });

  it("is hardened, and lets V8 compile", () => {
    const expected = {
      NoNewPrivileges: "yes",
      ProtectSystem: "strict",
      ProtectHome: "yes",
      PrivateTmp: "yes",
      PrivateDevices: "yes",
      CapabilityBoundingSet: "",
      RestrictNamespaces: "yes",
      RestrictSUIDSGID: "yes",
      SystemCallArchitectures: "native",
      ProtectKernelModules: "yes",
      ProtectKernelTunables: "yes",
      ProtectControlGroups: "yes",
      LockPersonality: "yes",
    };
    for (const [name, value] of Object.entries(expected)) assert.deepEqual(settings(name), [value], name);
    assert.doesNotMatch(text, /MemoryDenyWriteExecute/);
    assert.ok(!["root", "0", undefined].includes(settings("User")[0]));
  });

  it("restarts what crashed and not what is misconfigured", () => {
    assert.deepEqual(settings("Restart"), ["on-failure"]);
    assert.deepEqual(settings("RestartPreventExitStatus"), [`${EXIT.USAGE}`]);
    assert.deepEqual(settings("SuccessExitStatus"), [`${EXIT.CANCELLED}`]);
  });

  it("starts a command that exists", () => {
    const words = (settings("ExecStart")[0] ?? "").split(" ");
    const at = words.findIndex((word) => word.endsWith("dist/cli/main.js"));
    const server = createProgram(createWorld().context).commands.find((each) => each.name() === words[at + 1]);
    assert.ok(server);
    for (const flag of words.slice(at + 2))
      assert.ok(
        server.options.some(({ long }) => flag.startsWith(`${long}=`)),
        flag,
      );
  });

  const hasAnalyzer = spawnSync("systemd-analyze", ["--version"]).status === 0;
  it("finds no fault with systemd-analyze", { skip: hasAnalyzer ? false : "systemd-analyze is not installed" }, () => {
    const unit = fileURLToPath(new URL(`../../../${PATH}`, import.meta.url));
    const { stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
    const faults = stderr
      .split("\n")
      .filter((line) => line.includes("domain-engine.service") && !line.includes("is not executable"));
    assert.deepEqual(faults, []);
    const score = execFileSync("systemd-analyze", ["security", "--offline=true", unit], { encoding: "utf8" });
    assert.ok(Number(/exposure level[^:]*: ([\d.]+)/.exec(score)?.[1]) < 2, score.slice(-200));
  });
});
