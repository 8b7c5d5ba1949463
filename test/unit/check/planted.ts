/** Domains and configurations with faults planted in them. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { createContext } from "../../../src/check/context.ts";
import { RULES } from "../../../src/check/registry.ts";
import type { CheckContext, CheckRule } from "../../../src/check/rule.ts";
import { runRules, type CheckResult } from "../../../src/check/run.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { defineHandler, on } from "../../../src/domain/define-handler.ts";
import { Domain } from "../../../src/domain/domain.ts";
import { Event, type EventClass } from "../../../src/domain/elements.ts";
import type { EventHandlerOptions } from "../../../src/domain/handler-options.ts";

export class OrderPlaced extends Event("OrderPlaced", z.object({ orderId: z.string(), total: z.number() })) {}
export class OrderPaid extends Event("OrderPaid", z.object({ orderId: z.string() })) {}

const ignore = (): void => undefined;

export interface Shop {
  readonly domain: Domain;
  readonly order: ReturnType<Domain["aggregate"]>;
  handler(options: EventHandlerOptions & { readonly name: string }, ...events: readonly EventClass[]): Shop;
}

/** An aggregate Order with one event, and nobody who handles it. */
export function createShop(events: readonly EventClass[] = [OrderPlaced], key: string | null = "orderId"): Shop {
  const domain = new Domain("shop");
  const order = domain.aggregate("Order", { events, ...(key === null ? {} : { key }) });
  const shop: Shop = {
    domain,
    order,
    handler(options, ...handled) {
      domain.register(defineHandler(options, ...handled.map((event) => on(event, ignore))));
      return shop;
    },
  };
  return shop;
}

/** A shop without faults. */
export function createCleanShop(): Shop {
  const shop = createShop();
  return shop.handler({ name: "Audit", partOf: shop.order }, OrderPlaced);
}

/** Configuration for production without faults. */
export const CLEAN_TOML = `
[brokers.default]
provider = "redis"
URI = "\${REDIS_URL}"
[server]
shutdown_timeout_seconds = 30
retention_hours = 200
[server.health]
host = "0.0.0.0"
[server.dlq]
alert_callback = "./alerts.js#onAlert"
`;

export interface Planted {
  readonly shop?: Shop;
  /** In place of `CLEAN_TOML`; null: no file. */
  readonly toml?: string | null;
  readonly environment?: string;
  readonly mode?: number;
  readonly callbackFault?: string;
  readonly rules?: readonly CheckRule[];
}

export async function check(planted: Planted = {}): Promise<CheckResult> {
  return withContext(planted, (context) => runRules(planted.rules ?? RULES, context));
}

export async function withContext<T>(planted: Planted, use: (context: CheckContext) => Promise<T>): Promise<T> {
  const {
    shop = createCleanShop(),
    toml = CLEAN_TOML,
    environment = "production",
    mode = 0o600,
    callbackFault = null,
  } = planted;
  return inFolder(toml === null ? {} : { "domain.toml": toml }, async (cwd) => {
    if (toml !== null) chmodSync(join(cwd, "domain.toml"), mode);
    const env = { ENGINE_ENV: environment, REDIS_URL: "rediss://engine:secret@redis.internal:6379/0" };
    const config = loadConfig({ cwd, env });
    return use(createContext({ model: shop.domain.model, config, cwd, callbackFault }));
  });
}

export async function inFolder<T>(
  files: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "engine-check-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
