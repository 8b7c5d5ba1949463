/** The engine that is measured: compiled, and copied, so that a build meanwhile changes nothing. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Builds dist/ and copies it below the repository, where its dependencies are found. Returns the folder. */
export function copyOfEngine(root: string): string {
  const { status } = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("the engine does not compile: see above");
  const folder = join(root, ".cache/bench", `engine-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, "dist"), folder, { recursive: true });
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
