import type { Command } from "commander";
import { explainRows, explainSubscription, type ExplainRow } from "../../config/explain.ts";
import { textOfValue } from "../../config/key-spec.ts";
import { nearestName } from "../../config/nearest.ts";
import type { EngineConfig } from "../../config/settings.ts";
import type { Domain } from "../../domain/domain.ts";
import { EngineError } from "../../errors.ts";
import { CONFIG_OPTION, createCommand, DOMAIN_OPTION, JSON_OPTION, type CliContext } from "../command.ts";
import type { Column } from "../table.ts";

const COLUMNS: readonly Column[] = [{ title: "key" }, { title: "value" }, { title: "set by" }];

interface ExplainOptions {
  readonly config?: string;
  readonly domain?: string;
  readonly handler?: string;
  readonly json?: boolean;
}

/** `engine config explain`: every effective value and what set it; of one handler with `--handler`. */
export function configExplainCommand(context: CliContext): Command {
  return createCommand("explain", "show every effective value and what set it", [
    "config explain",
    "config explain --domain=app --handler=AuditHandler",
  ])
    .option("--handler <name>", "the settings of one subscription: its handler's name, or its own")
    .option("--domain <module>", `${DOMAIN_OPTION[1]}; with it, what handlers set in code counts too`)
    .option(...CONFIG_OPTION)
    .option(...JSON_OPTION)
    .action(async (options: ExplainOptions) => {
      const config = context.loadConfig(options.config);
      const domain = options.domain === undefined ? null : await context.loadDomain(options.domain);
      const rows =
        options.handler === undefined ? explainRows(config) : explainHandler(options.handler, config, domain);
      if (options.json === true) await context.output.json(rows);
      else
        await context.output.table(
          COLUMNS,
          rows.map(({ key, value, source }) => [key, textOf(value), source]),
        );
    });
}

function explainHandler(handler: string, config: EngineConfig, domain: Domain | null): readonly ExplainRow[] {
  if (domain === null) return explainSubscription(config, { name: handler, handlerName: handler.replace(/^.*\./, "") });
  const { subscriptions } = domain.model;
  const found = subscriptions.find(({ name, handlerName }) => name === handler || handlerName === handler);
  if (found !== undefined) {
    const { name, handlerName, profile, overrides } = found;
    return explainSubscription(config, { name, handlerName, profile, overrides });
  }
  const names = subscriptions.flatMap(({ name, handlerName }) => [name, handlerName]);
  const near = nearestName(handler, names);
  throw new EngineError("ENGINE_SUBSCRIPTION_UNKNOWN", `the domain ${domain.name} has no handler "${handler}"`, {
    hint:
      near === null
        ? `It has ${subscriptions.map(({ handlerName }) => handlerName).join(", ") || "none"}.`
        : `Did you mean ${near}?`,
  });
}

function textOf(value: ExplainRow["value"]): string | null {
  return value === null ? null : textOfValue(value);
}
