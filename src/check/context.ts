/** What the rules look at, from a domain and its configuration. */
import { readFileSync, statSync } from "node:fs";
import { relative } from "node:path";
import { resolveSubscription } from "../config/explain.ts";
import { ConfigError } from "../config/faults.ts";
import type { EngineConfig } from "../config/settings.ts";
import type { DomainModel } from "../domain/model.ts";
import type { CheckContext, CheckedSubscription, ConfigFile, FilePlace } from "./rule.ts";

/** Values of ENGINE_ENV that are not meant to serve anybody. */
const UNPRODUCTIVE = /^(?:dev|develop|development|local|test|tests|testing|ci)$/i;

export interface ContextInput {
  readonly model: DomainModel;
  readonly config: EngineConfig;
  /** Places are shown relative to it. */
  readonly cwd: string;
  readonly callbackFault: string | null;
}

export function createContext({ model, config, cwd, callbackFault }: ContextInput): CheckContext {
  const settingFaults: { handlerName: string; faults: ConfigError["faults"] }[] = [];
  const subscriptions = model.subscriptions.flatMap((subscription): readonly CheckedSubscription[] => {
    try {
      return [{ model: subscription, resolved: resolveSubscription(config, subscription) }];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      settingFaults.push({ handlerName: subscription.handlerName, faults: error.faults });
      return [];
    }
  });
  return {
    model,
    config,
    file: readConfigFile(config, cwd),
    isProduction: isProductive(config.environment),
    subscriptions,
    settingFaults,
    callbackFault,
    placeOf: (key) => placeOf(config, key),
  };
}

/** Whether rules for production apply: ENGINE_ENV is set, and to no name for development or tests. */
function isProductive(environment: string | null): boolean {
  return environment !== null && !UNPRODUCTIVE.test(environment);
}

function placeOf({ origins, file }: EngineConfig, key: string): FilePlace | null {
  const origin = Object.hasOwn(origins, key) ? origins[key] : undefined;
  return origin === undefined || file === null ? null : { file: origin.place, line: origin.line };
}

function readConfigFile({ file }: EngineConfig, cwd: string): ConfigFile | null {
  if (file === null) return null;
  return { place: relative(cwd, file), text: readFileSync(file, "utf8"), mode: statSync(file).mode };
}
