/** The `Lease` port on Redis: one small hash each, kept for its generation. */
import type { Lease } from "../../ports/lease.ts";
import { translated } from "./driver-errors.ts";
import { runScript } from "./scripts.ts";
import type { CommandClient } from "./topology.ts";

export function createRedisLease(command: CommandClient): Lease {
  return {
    async acquire(name, holder, ttlMs) {
      const generation = await translated(() => runScript(command, "acquire-lease", [name, holder, ttlMs]));
      return generation === 0 ? null : (generation as number);
    },
    async release(name, holder) {
      await translated(() => runScript(command, "release-lease", [name, holder]));
    },
  };
}
