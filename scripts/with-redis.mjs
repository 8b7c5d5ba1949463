// Runs a command with the URL of a Redis server as its last argument: REDIS_URL's, or one that lives as long as the
// command, empty and on a free port.
//
//   node scripts/with-redis.mjs npm run demo -- --redis
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT } from "./lib/run.mjs";
import { setUpTestServers } from "./setup-test-servers.mjs";

const HOST = "127.0.0.1";
const START_TIMEOUT_MS = 10_000;

async function freePort() {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  return address.port;
}

/** @param {number} port */
async function isListening(port) {
  const socket = connect(port, HOST);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** @param {string} folder */
async function startRedis(folder) {
  const port = await freePort();
  const options = ["--port", `${port}`, "--bind", HOST, "--dir", folder, "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", options, { stdio: ["ignore", "ignore", "inherit"] });
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await isListening(port))) {
    if (server.exitCode !== null) throw new Error(`redis-server ended with exit code ${server.exitCode}`);
    if (performance.now() > deadline) throw new Error("redis-server did not answer in time");
    await sleep(50);
  }
  return { server, url: `redis://${HOST}:${port}` };
}

/**
 * @param {string[]} command
 * @param {string} url
 */
async function runWith([program = "", ...args], url) {
  const child = spawn(program, [...args, url], { cwd: ROOT, stdio: "inherit" });
  const [code] = await once(child, "exit");
  return code ?? 1;
}

const command = process.argv.slice(2);
const given = process.env.REDIS_URL ?? "";
if (given === "") {
  setUpTestServers();
  const folder = mkdtempSync(join(tmpdir(), "with-redis-"));
  const { server, url } = await startRedis(folder);
  try {
    process.exitCode = await runWith(command, url);
  } finally {
    server.kill();
    if (server.exitCode === null) await once(server, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
} else {
  process.exitCode = await runWith(command, given);
}
