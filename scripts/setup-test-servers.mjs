// Makes the servers available that the tests need; they start their own, each on a free port.
//
//   Redis     REDIS_URL names a server to use; otherwise `redis-server` must be on the PATH, and is installed when
//             this machine allows it (root, apt-get).
//   Postgres  comes with the event store: one more entry in SERVERS.
import { accessSync, constants, existsSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./lib/run.mjs";

/** @typedef {{ name: string, variable: string, url: string, program: string, aptPackage: string }} Server */

/** @type {readonly Server[]} */
const SERVERS = [
  {
    name: "Redis",
    variable: "REDIS_URL",
    url: "redis://127.0.0.1:6379",
    program: "redis-server",
    aptPackage: "redis-server",
  },
];

/** Debian starts what it installs, unless this file says no (exit code 101). */
const START_POLICY = "/usr/sbin/policy-rc.d";

/** Resolves to nothing when every server is available; throws an error that says what to do otherwise. */
export function setUpTestServers() {
  for (const server of SERVERS) {
    if (isSet(server.variable) || isOnPath(server.program)) continue;
    if (process.getuid?.() === 0 && isOnPath("apt-get")) install(server);
    if (!isOnPath(server.program)) throw new Error(howToProvide(server));
  }
}

/** @param {string} variable */
function isSet(variable) {
  return (process.env[variable] ?? "") !== "";
}

/** @param {string} program */
function isOnPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @param {Server} server */
function install(server) {
  console.error(`${server.name}: ${server.program} is missing; installing it with apt-get, without starting a service`);
  const ownsPolicy = !existsSync(START_POLICY);
  if (ownsPolicy) writeFileSync(START_POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    /** @type {import("node:child_process").SpawnSyncOptions} */
    const options = { env, stdio: ["ignore", 2, 2] };
    // An update that fails for one source may still have found the package: the installation decides.
    run("apt-get", ["update", "-qq"], options);
    run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", server.aptPackage], options);
  } finally {
    if (ownsPolicy) rmSync(START_POLICY, { force: true });
  }
}

/** @param {Server} server */
function howToProvide({ name, variable, url, program }) {
  return [
    `The tests need ${name}, and there is none. Do one of these:`,
    `  - install it, so that \`${program}\` is on the PATH (the tests start it themselves, on free ports);`,
    `  - or run one and name it: ${variable}=${url} npm test`,
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    setUpTestServers();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
