/** The Lua scripts, one per transition, and their typed calls. */
import { readFileSync } from "node:fs";
import type { CommandClient } from "./topology.ts";

/** Script file → number of keys. */
const SCRIPTS = {
  ack: 2,
  extend: 1,
  release: 1,
  claim: 2,
  fetch: 2,
  "record-failure": 2,
  "mark-in-hand": 2,
  "dead-letter": 3,
  "bury-missing": 3,
  replay: 2,
  "trim-dead-letters": 1,
  "trim-stream": 1,
  "reap-consumers": 1,
  "acquire-lease": 1,
  "release-lease": 1,
} as const;

export type ScriptName = keyof typeof SCRIPTS;
export type ScriptArgument = string | number | Buffer;

type ScriptCall = (...args: ScriptArgument[]) => Promise<unknown>;

function source(name: string): string {
  return readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), "utf8");
}

/**
 * Defines every script on a client: sent by hash, and once in full to a server that does not know it
 * (after a restart or SCRIPT FLUSH).
 */
export function defineScripts(client: CommandClient): void {
  const prelude = source("prelude");
  for (const [name, numberOfKeys] of Object.entries(SCRIPTS)) {
    client.defineCommand(name, { numberOfKeys, lua: `${prelude}\n${source(name)}` });
  }
}

/** Runs a script: keys first, then arguments. Replies are text. */
export function runScript(client: CommandClient, name: ScriptName, args: readonly ScriptArgument[]): Promise<unknown> {
  const call = (client as unknown as Record<string, ScriptCall>)[name];
  if (!call) throw new TypeError(`script ${name} is not defined on this client`);
  return call.apply(client, [...args]);
}
