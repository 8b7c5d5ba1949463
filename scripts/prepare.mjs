// After `npm ci`: builds dist/, so that `npx engine` works in a fresh clone. Never fails the installation: a tree that
// does not compile must still be installable, to be mended.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "./lib/run.mjs";

const isPacking = ["pack", "publish"].includes(process.env.npm_command ?? ""); // prepack builds then, and strictly
const canBuild = ["src", "node_modules/typescript/bin/tsc"].every((path) => existsSync(join(ROOT, path)));

if (!isPacking && !canBuild) {
  console.error("prepare: no sources or no compiler here, so dist/ is not built");
} else if (!isPacking && run(process.execPath, ["scripts/build.mjs"]) !== 0) {
  console.error("prepare: the build reported the errors above; `npx engine` may not work. The installation goes on.");
}
