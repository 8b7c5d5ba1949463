/** A Redis with the users of deploy/redis/users.acl, rendered by the script that ships with it, and one for the test. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { startRedis, type RedisServer } from "./redis-server.ts";

const RENDER = fileURLToPath(new URL("../../deploy/redis/render-users.sh", import.meta.url));

export type AclUser = "producer" | "worker" | "admin" | "backup";

export const PASSWORDS = {
  PRODUCER_PASSWORD: "producer-password-of-24-or-more",
  WORKER_PASSWORD: "worker-password-of-24-or-more",
  ADMIN_PASSWORD: "admin-password-of-24-or-more",
  BACKUP_PASSWORD: "backup-password-of-24-or-more",
};

export interface AclRedis {
  readonly server: RedisServer;
  /** Of a user that may do everything: for what the test does behind the engine's back. */
  readonly root: Redis;
  urlOf(user: AclUser): string;
  /** What was refused since the last call, as "user: command (reason)". */
  refusals(): Promise<readonly string[]>;
  close(): Promise<void>;
}

function renderUsers(env: Readonly<Record<string, string>> = PASSWORDS): string {
  return execFileSync("bash", [RENDER], { encoding: "utf8", env: { PATH: process.env["PATH"], ...env } });
}

export async function startAclRedis(
  options: { readonly dir?: string; readonly appendonly?: boolean } = {},
): Promise<AclRedis> {
  const folder = mkdtempSync(join(tmpdir(), "engine-acl-"));
  const file = join(folder, "users.acl");
  writeFileSync(file, `${renderUsers()}user root on >root resetchannels ~* &* +@all\n`);
  const server = await startRedis({ ...options, args: ["--aclfile", file] });
  const root = new Redis(server.port, "127.0.0.1", { username: "root", password: "root" });
  return {
    server,
    root,
    urlOf: (user) =>
      `redis://${user}:${PASSWORDS[`${user.toUpperCase() as Uppercase<AclUser>}_PASSWORD`]}@127.0.0.1:${server.port}/0`,
    async refusals() {
      const entries = (await root.call("ACL", "LOG")) as unknown[][];
      await root.call("ACL", "LOG", "RESET");
      return entries.map((flat) => {
        const field = (name: string): string => String(flat[flat.indexOf(name) + 1]);
        return `${field("username")}: ${field("object")} (${field("reason")})`;
      });
    },
    async close() {
      root.disconnect();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
