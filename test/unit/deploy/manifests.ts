/** The files that deploy an engine, read for tests. */
import { readdirSync, readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import type { ConfigInput } from "../../../src/config/define.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { createEngine, Domain } from "../../../src/index.ts";
import { defineHandler, on } from "../../../src/domain/define-handler.ts";
import { Event } from "../../../src/domain/elements.ts";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { z } from "zod";

const ROOT = new URL("../../../", import.meta.url);

/** A node of a YAML document whose shape the test asserts by using it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Manifest = any;

export function read(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

export function parseYaml(path: string): readonly Manifest[] {
  return parseAllDocuments(read(path), { strict: true, uniqueKeys: true }).map((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors.join("; ")}`);
    return document.toJS();
  });
}

/** Every file below a folder, with one of these endings. */
export function filesBelow(folder: string, ending: RegExp): readonly string[] {
  return readdirSync(new URL(folder, ROOT), { recursive: true, encoding: "utf8" })
    .filter((file) => ending.test(file))
    .map((file) => `${folder}/${file}`)
    .toSorted();
}

export function loadToml(path: string): ReturnType<typeof loadConfig> {
  const env = { REDIS_URL: "redis://redis:6379", ENGINE_ENV: "production" };
  return loadConfig({ file: fileURLToPath(new URL(path, ROOT)), env });
}

class Tick extends Event("Tick", z.object({})) {}

/**
 * The longest shutdown with this timeout, in seconds: the budgets of a real engine's steps, added up. Every job that
 * configuration can switch on is on.
 */
export async function longestShutdownSeconds(shutdownTimeoutSeconds: number): Promise<number> {
  const domain = new Domain("shop");
  domain.register(
    defineHandler(
      { name: "Audit", stream: "order" },
      on(Tick, () => Promise.resolve()),
    ),
  );
  const config: ConfigInput = {
    brokers: { default: { provider: "memory" } },
    server: {
      shutdown_timeout_seconds: shutdownTimeoutSeconds,
      retention_maxlen: 10,
      health: { host: "127.0.0.1", port: 0 },
    },
    telemetry: { enabled: true, exporter: "otlp", endpoint: "http://127.0.0.1:9" },
  };
  const engine = await createEngine(domain, config, { logger: pino({ level: "silent" }) });
  await engine.start();
  const { steps } = await engine.stop();
  return steps.reduce((sum, { budgetMs }) => sum + budgetMs, 0) / 1000;
}
